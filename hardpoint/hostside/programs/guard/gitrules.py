"""What git is really told to do: options before the subcommand, aliases, forced and deleting pushes."""

import os

FORCING = (
    "--force",
    "--force-with-lease",
    "--force-if-includes",
    "--mirror",
    "--delete",
    "--prune",
)
WITH_VALUE = (
    "-C",
    "-c",
    "--git-dir",
    "--work-tree",
    "--exec-path",
    "--namespace",
    "--config-env",
    "--super-prefix",
)
RUNS = (  # keys whose value git runs as a command, or that bring in such keys
    "alias.", "core.sshcommand", "core.pager",
    "core.editor", "core.hookspath", "core.fsmonitor", "core.askpass",
    "core.gitproxy", "credential.", "diff.external",
    "sequence.editor", "gpg.program", "gpg.ssh.program", "include.path",
    "includeif.", "pager.", "uploadpack.", "core.worktree",
    "init.templatedir", "protocol.ext", "core.attributesfile",
)  # fmt: skip
RUNS_ENDING = (
    ".command",
    ".cmd",
    ".textconv",
    ".smudge",
    ".clean",
    ".process",
    ".driver",
    ".insteadof",
    ".pushinsteadof",
    ".receivepack",
    ".uploadpack",
    ".proxy",
    ".vcs",
)


class Git:
    """One call of git: `folder` it works in, `keys` given by -c, `subcommand`, its `arguments`."""

    def __init__(self, arguments, cwd):
        self.folder, self.keys, self.trees, place = cwd, [], [], 0
        while place < len(arguments) and arguments[place].startswith("-"):
            option, equals, value = arguments[place].partition("=")
            taken = ""
            if option in WITH_VALUE:
                taken = (
                    value
                    if equals and option.startswith("--")
                    else "".join(arguments[place + 1 : place + 2])
                )
                place += not (equals and option.startswith("--"))
            elif option[:2] == "-c" and len(option) > 2:
                option, taken = "-c", arguments[place][2:]
            if option == "-C":
                self.folder = os.path.join(self.folder, taken)
            elif option == "--work-tree":
                self.trees.append(taken)
            elif option in ("-c", "--config-env"):
                key, _, value = taken.partition("=")
                self.keys.append((key.lower(), value))
            place += 1
        self.subcommand = arguments[place] if place < len(arguments) else ""
        self.arguments = arguments[place + 1 :]

    def configured(self):
        """(key, value) of the files of configuration that this call reads, and of -c."""
        return [*configuration(self.folder), *self.keys]

    def alias(self):
        """What the subcommand is an alias of; "" if it is none."""
        wanted = "alias." + self.subcommand.lower()
        found = [value for key, value in self.configured() if key == wanted]
        return found[-1] if found and self.subcommand else ""


def forced(git):
    """Why a push overwrites or deletes what others have; "" if it does not."""
    for word in git.arguments:
        option = word.partition("=")[0]
        if word.startswith("--"):
            overwrites = len(option) > 3 and any(one.startswith(option) for one in FORCING)
        elif word.startswith("-"):
            overwrites = set(word[1:].partition("o")[0]) & set("fd")
        else:
            overwrites = word.startswith(("+", ":")) and len(word) > 1
        if overwrites:
            return "git push %s" % option
    return _by_configuration(git)


def _by_configuration(git):
    """Which setting of the remote that is pushed to forces a push; "" if none."""
    configured = git.configured()
    named = [word for word in git.arguments if not word.startswith("-")][:1]
    named = named or [
        value for key, value in configured if key.startswith("branch.") and key.endswith(".remote")
    ]
    for key, value in configured:
        section, _, rest = key.partition(".")
        remote, _, name = rest.rpartition(".")
        if section != "remote" or remote not in (named or ["origin"]):
            continue
        if name == "push" and value.startswith(("+", ":")):
            return "git push, by %s = %s" % (key, value)
        if name == "mirror" and value.lower() not in ("false", "0", "no"):
            return "git push, by %s" % key
    return ""


def rewrites(git):
    """Why a call destroys history that nothing else holds; "" if it does not."""
    words = git.arguments
    first = words[0] if words else ""
    if git.subcommand in ("filter-branch", "filter-repo"):
        return "git " + git.subcommand
    if git.subcommand == "reflog" and first in ("expire", "delete"):
        return "git reflog " + first
    if git.subcommand == "update-ref" and (
        "-d" in words or "--delete" in words or "--stdin" in words
    ):
        return "git update-ref -d"
    if git.subcommand in ("gc", "prune") and any(
        one.startswith(("--prune=", "--expire")) for one in words
    ):
        return "git %s that prunes now" % git.subcommand
    if git.subcommand == "stash" and first == "clear":
        return "git stash clear"
    return ""


def running(key):
    """Whether git runs the value of a key as a command."""
    key = key.lower()
    return key.startswith(RUNS) or key.endswith(RUNS_ENDING)


def configuration(folder):
    """(key, value) of each setting of the system, the user and the repository: the last one counts."""
    home = os.path.expanduser("~")
    files = [
        "/etc/gitconfig",
        os.path.join(home, ".config/git/config"),
        os.path.join(home, ".gitconfig"),
    ]
    files += [os.path.join(one, "config") for one in _folders(folder)]
    found = []
    for path in files:
        found += _file(path, 0)
    return found


def _folders(folder):
    """The folders of git's own data that hold a repository's configuration."""
    while True:
        inside = os.path.join(folder, ".git")
        if os.path.isdir(inside):
            return [inside]
        if os.path.isfile(inside):
            with open(inside, encoding="utf-8", errors="replace") as file:
                named = os.path.join(folder, file.read(4096).partition("gitdir:")[2].strip())
            return [named, os.path.join(named, "..", "..")]
        if os.path.isfile(os.path.join(folder, "HEAD")) and os.path.isdir(
            os.path.join(folder, "objects")
        ):
            return [folder]
        if folder in ("/", ""):
            return []
        folder = os.path.dirname(folder)


def _file(path, depth):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read(256 * 1024)
    except OSError:
        return []
    found, section = [], ""
    for line in text.replace("\\\n", "").split("\n"):
        line = line.strip()
        if line.startswith("["):
            name, _, rest = line[1:].partition("]")
            kind, _, inner = name.partition(" ")
            section = kind.lower() + ("." + inner.strip().strip('"') if inner else "")
            line = rest.strip()
        if not line or line[0] in "#;":
            continue
        key, _, value = line.partition("=")
        value = value.strip().strip('"').replace('\\"', '"').replace("\\\\", "\\")
        key = "%s.%s" % (section, key.strip().lower())
        found.append((key if section.count(".") else key.lower(), value))
        if key == "include.path" and depth < 3:
            found += _file(
                os.path.join(os.path.dirname(path), os.path.expanduser(value)), depth + 1
            )
    return found
