"""One decision: what a tool call would do, held against the policy; the first refusal raises Denied.

A second layer: what it can't follow it leaves to the sandbox, but for the few classes where nobody
honest needs it (a host that can't be told, a shell fed with what can't be read).
"""

import os

import match
import network
import programs
from marks import DEEP, STAR, UNKNOWN, cleaned, globbed, literal, shown, unknown

SECRET_PATTERNS = (
    "key",
    "token",
    "secret",
    "passw",
    "credential",
    "api",
    "private",
    "=",
    "aws",
    "auth",
)
BYPASSES = (
    "--dangerously-skip-permissions",
    "--allow-dangerously-skip-permissions", "--dangerously-bypass-approvals-and-sandbox",
    "--dangerously-bypass-hook-trust", "--yolo", "--allow-all-tools", "--allow-all", "--full-auto",
)  # fmt: skip
COMMAND_VARIABLES = (
    "GIT_SSH_COMMAND",
    "GIT_EDITOR",
    "GIT_PAGER",
    "PAGER",
    "EDITOR",
    "VISUAL",
    "GIT_EXTERNAL_DIFF",
    "GIT_ASKPASS",
    "BASH_ENV",
    "ENV",
    "PROMPT_COMMAND",
    "GIT_SEQUENCE_EDITOR",
)
DUMPS = {"env", "printenv", "set", "export", "declare", "typeset", "compgen"}


class Denied(Exception):
    """A refusal: `rule` for the log, the text for the agent."""

    def __init__(self, rule, reason):
        super().__init__(reason)
        self.rule, self.reason = rule, reason


class Judge:
    """Knows the policy and the places; the shell, the code and the tools tell it what they would do."""

    def __init__(self, policy, places):
        self.policy, self.places = policy, places
        self.written, self.count = {}, 0

    def deny(self, rule, reason):
        raise Denied(rule, reason)

    def danger(self, rule, reason):
        if rule in self.policy.dangerous:
            raise Denied(rule, "%s: %s" % (rule, reason))

    # What tools ask for

    def shell(self, text, cwd):
        from shell import Shell

        Shell(self, cwd).text(cleaned(text))

    def read(self, path, cwd=None):
        self._refuse("protected", self.places.reading(path, cwd))

    def write(self, path, cwd=None, anywhere=False):
        if self.policy.profile == "research" and not path.startswith(("/dev/null", "/dev/std")):
            self.deny("profile", "the profile research writes nothing")
        anywhere = anywhere or self.policy.profile == "operator"
        self._refuse(*self.places.writing(path, cwd, anywhere))

    def search(self, path, pattern, cwd=None, names=""):
        """A search through the contents of a folder's files."""
        self.read(path or ".", cwd)
        below = self.places.holds_secrets(path or ".", cwd)
        if below:
            self.deny(
                "protected", "%s lies below %s: search where it does not" % (below, path or ".")
            )
        loose = len(pattern.strip(".*^$+?[]()\\|")) < 3
        if not loose and not any(one in pattern.lower() for one in SECRET_PATTERNS):
            return
        secret = "" if names else self.places.project_secrets(path or ".", cwd)
        if secret:
            self.deny(
                "protected",
                "the search would show %s: exclude it by name"
                % os.path.relpath(secret, self.places.cwd),
            )

    def url(self, address):
        if address.lower().startswith("file:"):
            self.read(address[5:].replace("//", "/", 1))
        else:
            self.host(network.host_of(address))

    def host(self, host):
        self._refuse("network", network.refusal(host, self.policy))

    def path_text(self, text, shell):
        """A text that may be a path."""
        if text and len(text) < 4096 and "\n" not in text:
            self._refuse("protected", self.places.reading(text, shell.cwd))

    def _refuse(self, rule, why):
        if why:
            raise Denied(rule, why)

    # What the shell tells

    def variable(self, name):
        if any(
            match.meet(match.tokens(pattern), name) for pattern in self.policy.environment if name
        ):
            self.deny("environment", "the variable %s is not for an agent's tools" % name)

    def secret_variables(self):
        """Whether the environment holds one that no tool may see."""
        patterns = [match.tokens(one) for one in self.policy.environment]
        return any(match.meet(pattern, name) for name in os.environ for pattern in patterns)

    def given(self, name, values, shell):
        """A variable that is set for one command."""
        if name in COMMAND_VARIABLES or name.startswith("GIT_CONFIG_VALUE_"):
            for value in values:
                if name in ("BASH_ENV", "ENV"):
                    self.read(value, shell.cwd)
                else:
                    shell.branch().text(value.lstrip("!"), lenient=True)
        if name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_PARAMETERS"):
            self.danger("force-push", "%s changes what git does where it can't be seen" % name)
        if name.startswith("LD_PRELOAD") or name.startswith("DYLD_INSERT"):
            self.danger("privilege", "%s loads foreign code into a program" % name)

    def redirect(self, operator, path, shell):
        if path.startswith(("/dev/tcp/", "/dev/udp/")):
            return self.host(path.split("/")[3])
        if operator == "<":
            return self.read(path, shell.cwd)
        import danger

        if danger.device(path):
            self.danger("disk", "writing to %s" % shown(path))
        known = path[: min((path.find(one) for one in path if unknown(one)), default=len(path))]
        anywhere = shell.lenient or (known != path and not known.startswith("/"))
        self.write(path, shell.cwd, anywhere)

    def command(self, name, argv, shell, wrapper):
        """One command of a program. `wrapper`: it runs another one, which comes next."""
        import danger

        arguments = argv[1:]
        if self.policy.profile == "research" and not wrapper:
            self._research(name, arguments)
        if not (shell.lenient and any(map(unknown, arguments))):
            for rule, judged in danger.CLASSES.items():
                why = rule in self.policy.dangerous and judged(name, arguments, shell)
                if why:
                    self.danger(rule, why)
        if name == "git":
            self._git(arguments, shell)
        if name in DUMPS and not wrapper:
            self._dump(name, arguments)
        if name in self.policy.programs and any(one.split("=")[0] in BYPASSES for one in arguments):
            self.deny("bypass", "an agent that starts %s without its checks" % name)
        self._paths(name, argv, shell)
        for host in network.destinations(name, arguments):
            if not (shell.lenient and unknown(host)):
                self.host(host)

    def _research(self, name, arguments):
        first = next((one for one in arguments if not one.startswith("-")), "")
        if name not in programs.READ_ONLY or (name == "git" and first not in programs.GIT_READS):
            self.deny(
                "profile", "the profile research only reads: %s is not among its commands" % name
            )
        if {"-delete", "-exec", "-i", "--in-place"}.intersection(arguments) and name in (
            "find",
            "sed",
            "yq",
        ):
            self.deny("profile", "the profile research writes nothing")

    def _dump(self, name, arguments):
        plain = [one for one in arguments if not one.startswith("-")]
        if name == "printenv":
            for one in plain:
                self.variable(one)
        if name == "set" and arguments:
            return
        if not plain and name != "compgen" and self.secret_variables():
            self.deny("environment", "%s prints the environment, which holds secrets" % name)

    def _git(self, arguments, shell, depth=0):  # noqa: C901
        import gitrules

        git = gitrules.Git(arguments, shell.cwd)
        for key, value in git.keys:
            if gitrules.running(key) and value:
                shell.branch().text(value.lstrip("!"), lenient=True)
                if key.startswith(("include", "core.hookspath", "core.attributesfile")):
                    self.deny("persistent", "git -c %s brings in what can't be seen" % key)
        for folder in git.trees:
            below = self.places.holds_secrets(folder, shell.cwd)
            if below:
                self.deny("protected", "%s lies below %s" % (below, shown(folder)))
        alias = git.alias() if depth < 4 and literal(git.folder) else ""
        if alias.startswith("!"):
            shell.branch().text(alias[1:] + " " + " ".join(git.arguments), lenient=True)
        elif alias:
            before = arguments[: len(arguments) - len(git.arguments) - 1]
            self._git([*before, *alias.split(), *git.arguments], shell, depth + 1)
        if git.subcommand in ("push", "send-pack", "http-push"):
            self.danger_if("force-push", gitrules.forced(git))
        self.danger_if("history", gitrules.rewrites(git))
        if git.subcommand == "clean":
            self._clean(git)
        if git.subcommand == "config":
            self._git_config(git, shell)
        writes = {"checkout": "--" in git.arguments, "restore": True, "rm": True, "mv": True}
        if writes.get(git.subcommand):
            for one in git.arguments:
                if not one.startswith("-"):
                    self._refuse(*self.places.writing(one, git.folder))

    def danger_if(self, rule, why):
        if why:
            self.danger(rule, why)

    def _clean(self, git):
        options = "".join(
            one for one in git.arguments if one.startswith("-") and not one.startswith("--")
        )
        if "n" in options or "--dry-run" in git.arguments:
            return
        if "x" in options.lower():
            self.danger(
                "delete-outside",
                "git clean -x removes ignored files, settings and secrets among them",
            )
        for folder in self.places.meant(git.folder):
            if not self.places.within(folder):
                self.danger(
                    "delete-outside", "git clean in %s, outside the project" % shown(folder)
                )

    def _git_config(self, git, shell):
        import gitrules

        words = git.arguments
        plain = [
            one
            for one in words
            if not one.startswith("-") and one not in ("set", "unset", "get", "list")
        ]
        reads = {"--get", "--get-all", "--list", "-l", "--get-regexp", "get", "list"}.intersection(
            words
        )
        if reads or (
            len(plain) < 2
            and not {"--unset", "--unset-all", "--edit", "-e", "unset", "edit"}.intersection(words)
        ):
            return
        if "--global" in words:
            self._refuse(*self.places.writing("~/.gitconfig", anywhere=True))
        for option, value in zip(words, words[1:]):
            if option in ("-f", "--file"):
                self._refuse(*self.places.writing(value, git.folder, True))
        if any(gitrules.running(one) for one in plain):
            self.deny("persistent", "git config %s makes git run a command" % shown(plain[0]))

    # Words that may be paths

    def _paths(self, name, argv, shell):
        arguments = argv[1:]
        if "/" in argv[0]:
            self.path_text(argv[0], shell)
        if name in programs.NO_PATHS:
            return
        bases = [shell.cwd]
        for option, value in zip(arguments, arguments[1:]):
            if option in ("-C", "--directory", "--chdir"):
                bases.append(os.path.join(shell.cwd, value))
        for word in self._files(name, arguments):
            for one in candidates(word):
                for base in bases:
                    self._path(name, one, base)
        self._recursive(name, arguments, bases, shell)
        if not (shell.lenient and any(map(unknown, arguments))):
            self._writes(name, arguments, shell)

    def _files(self, name, arguments):
        """The arguments that may name files."""
        texts = programs.MESSAGES.get(name, frozenset())
        pattern = name in programs.PATTERN_FIRST and not programs.PATTERN_FIRST[name].intersection(
            arguments
        )
        skip = False
        for word in arguments:
            option, equals, _ = word.partition("=")
            if skip:
                skip = False
            elif option in programs.TEXT_OPTIONS or option in texts:
                skip = not equals
            elif name in ("grep", "egrep", "rg", "sed") and option in (
                "-e",
                "--regexp",
                "--expression",
            ):
                skip = not equals
            elif pattern and not word.startswith("-"):
                pattern = False
                if name in ("sed", "gsed"):
                    yield from (one for one in word.split() if "/" in one and one[:1] in "/~.")
            else:
                yield word

    def _path(self, name, path, base):
        if len(path) > 4096 or "\n" in path:
            return
        if path.endswith(DEEP) or DEEP + "/" in path:
            return self._deep(path, base)
        why = self.places.reading(path, base)
        if why and name in programs.NAMES_ONLY and not self._of_home(path, base):
            return
        self._refuse("protected", why)

    def _of_home(self, path, base):
        """Whether a refusal is about more than a project's own files, whose presence may be asked for."""
        kept, self.places.policy.protected_project = self.policy.protected_project, ()
        try:
            return self.places.reading(path, base)
        finally:
            self.places.policy.protected_project = kept

    def _deep(self, path, base):
        """Every file below a folder, or those of one name: what find hands on."""
        start, _, name = path.partition(DEEP)
        start, name = start.rstrip("/") or "/", name.lstrip("/")
        plain = "." in name.lstrip(".") and len(name.rpartition(".")[2].strip(STAR)) > 1
        below = "" if plain else self.places.holds_secrets(start, base)
        if below:
            self.deny("protected", "%s lies below %s" % (below, shown(start)))
        secret = self.places.project_secrets(start, base, name or STAR)
        if secret:
            self.deny(
                "protected",
                "%s is among the files below %s: leave it out by name"
                % (os.path.basename(secret), shown(start)),
            )

    def _recursive(self, name, arguments, bases, shell):
        options = programs.RECURSIVE.get(name)
        if options is None:
            return
        short = {
            "-" + char
            for one in arguments
            if one[:1] == "-" and one[:2] != "--"
            for char in one[1:]
        }
        if options and not options.intersection(arguments) and not options.intersection(short):
            return
        operands = [one for one in arguments if not one.startswith("-")]
        if name in programs.PATTERN_FIRST and not programs.PATTERN_FIRST[name].intersection(
            arguments
        ):
            self._grepped(name, arguments, operands, shell)
            operands = operands[1:] or ["."]
        for one in (each for word in operands for each in candidates(word)):
            if one in ("", "HEAD") or unknown(one):
                continue
            for base in bases:
                below = self.places.holds_secrets(one, base) if not globbed(one) else ""
                if below:
                    self.deny("protected", "%s lies below %s" % (below, shown(one)))

    def _grepped(self, name, arguments, operands, shell):
        if name in ("rg", "ag", "sed", "awk"):
            return
        excluded = any(one.startswith(("--exclude", "--include")) for one in arguments)
        pattern = operands[0] if operands else ""
        if "v" in "".join(one for one in arguments if one[:1] == "-" and one[:2] != "--"):
            pattern = ""
        for path in operands[1:] or ["."]:
            if literal(path):
                self.search(path, pattern, shell.cwd, names="given" if excluded else "")

    def _writes(self, name, arguments, shell):  # noqa: C901
        operands = [one for one in arguments if one and (not one.startswith("-") or one == "-")]
        if any(one in ("--help", "--version") for one in arguments):
            return
        written = []
        if name in programs.WRITES_ALL:
            written = operands[1:] if name in ("chmod", "chown", "chgrp") else operands
        elif name in programs.WRITES_LAST and operands:
            written = self._copied(name, arguments, operands)
        elif name in programs.WRITES_IN_PLACE:
            flags = programs.WRITES_IN_PLACE[name]
            if any(
                one.startswith(flags)
                or (one[:1] == "-" and one[:2] != "--" and "i" in one and name == "perl")
                for one in arguments
            ):
                written = operands
        elif name == "dd":
            written = [one[3:] for one in arguments if one.startswith("of=")]
        options = programs.WRITES_OPTION.get(name, ())
        for option, value in zip(arguments, arguments[1:]):
            if option in options or (
                name == "curl" and option[:1] == "-" and option[:2] != "--" and option.endswith("o")
            ):
                written.append(value)
                if name in ("curl", "wget"):
                    self.written[shell.absolute(value)] = "\ue003"
        written += [
            one.partition("=")[2]
            for one in arguments
            if one.partition("=")[0] in options and "=" in one
        ]
        if (
            name == "curl"
            and any(
                one == "--remote-name" or (one[:1] == "-" != one[1:2] and "O" in one)
                for one in arguments
            )
        ) or (name == "wget" and "-O" not in arguments):
            for one in operands:
                self.written[shell.absolute(one.partition("?")[0].rpartition("/")[2])] = "\ue003"
        for one in written:
            known = not unknown(one)
            if one != "-" and "://" not in one and not (":" in one and name in ("scp", "rsync")):
                self.write(one, shell.cwd, anywhere=not known)
        if name in ("rm", "mv") or (name in ("chmod", "chown") and "-R" in arguments):
            for one in operands if name == "rm" else operands[:-1]:
                below = self.places.keeps(one, shell.cwd) if known_path(one) else ""
                if below and name != "chmod":
                    self.deny("persistent", "%s lies below %s" % (below, shown(one)))

    def _copied(self, name, arguments, operands):
        """Where cp, mv ... put things: the target, and each source's name in it."""
        target = operands[-1]
        for option, value in zip(arguments, arguments[1:]):
            if option in ("-t", "--target-directory"):
                target = value
        target = next(
            (one.partition("=")[2] for one in arguments if one.startswith("--target-directory=")),
            target,
        )
        inside = [
            os.path.join(target, os.path.basename(one.rstrip("/")))
            for one in operands
            if one != target
        ]
        sources = [one for one in operands if one != target] if name == "mv" else []
        return [target, *inside, *sources]


def known_path(path):
    return not unknown(path) and not globbed(path)


def candidates(word):
    """What in a word may be a path: all of it, values of options, parts of lists and pairs."""
    found = [] if word.startswith("-") else [word]
    if word.startswith("-") and not word.startswith("--") and len(word) > 2:
        found.append(word[2:])
    ends = [place for place, char in enumerate(word) if char in "=:,@<"][:20]
    for place, following in zip(ends, [*ends[1:], len(word)]):
        found += [word[place + 1 :], word[place + 1 : following]]
    if ends and not word.startswith("-"):
        found.append(word[: ends[0]])
    return list(
        dict.fromkeys(one for one in found if one.strip(".-" + UNKNOWN) or one in (".", ".."))
    )
