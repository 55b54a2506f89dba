"""One decision: what a tool call would do, held against the policy; the first refusal raises Denied.

A second layer: what it can't follow it leaves to the sandbox, but for the few classes where nobody
honest needs it (a host that can't be told, a shell fed with what can't be read).
"""

import os

import match
from marks import cleaned, shown, unknown

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
        self.refuse("protected", self.places.reading(path, cwd))

    def write(self, path, cwd=None, anywhere=False):
        if self.policy.profile == "research" and not path.startswith(("/dev/null", "/dev/std")):
            self.deny("profile", "the profile research writes nothing")
        anywhere = anywhere or self.policy.profile == "operator"
        self.refuse(*self.places.writing(path, cwd, anywhere))

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
            import network

            self.host(network.host_of(address))

    def host(self, host):
        import network

        self.refuse("network", network.refusal(host, self.policy))

    def path_text(self, text, shell):
        """A text that may be a path."""
        if text and len(text) < 4096 and "\n" not in text:
            self.refuse("protected", self.places.reading(text, shell.cwd))

    def refuse(self, rule, why):
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
        import network
        import words

        arguments = argv[1:]
        if self.policy.profile == "research" and not wrapper:
            self._research(name, arguments)
        if not (shell.lenient and any(map(unknown, arguments))):
            for rule, judged in danger.CLASSES.items():
                why = rule in self.policy.dangerous and judged(name, arguments, shell)
                if why:
                    self.danger(rule, why)
        if name == "git":
            import gitwork

            gitwork.judged(self, arguments, shell)
        if name in DUMPS and not wrapper:
            self._dump(name, arguments)
        if name in self.policy.programs and any(one.split("=")[0] in BYPASSES for one in arguments):
            self.deny("bypass", "an agent that starts %s without its checks" % name)
        words.judged(self, name, argv, shell)
        for host in network.destinations(name, arguments):
            if not (shell.lenient and unknown(host)):
                self.host(host)

    def _research(self, name, arguments):
        import programs

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

    def danger_if(self, rule, why):
        if why:
            self.danger(rule, why)
