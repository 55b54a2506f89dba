"""A shell that runs nothing: it follows a program through variables, pipes and nested shells and shows the
judge each command with its arguments.

What a command prints is followed where it is plain to see (echo, printf, base64 -d ...); a gap (marks.py)
stands for everything else.
"""

import os

import builtin
import danger
import expand
import lex
import programs
from marks import DEEP, STAR, TAINTED, UNKNOWN, Unreadable, literal, unknown

COMMANDS = 2000
"""One program's commands, loops and functions followed."""
SCRIPT = 64 * 1024
"""Bytes of a script that is read because a command runs it."""


SPLIT = {"env": ("-S", "--split-string")}
TEXT = {"npx": ("-c", "--call"), "flock": ("-c", "--command")}
"""Options of wrappers that are followed by words in one argument, and by a shell's text."""


class Shell:
    """One environment: folder, variables, functions. `judge` hears of every command."""

    def __init__(self, judge, cwd, depth=0):
        self.judge, self.places, self.cwd = judge, judge.places, cwd
        self.variables, self.functions, self.depth = {}, {}, depth
        self.lenient = False

    def branch(self):
        """A subshell: what it changes is gone with it."""
        other = Shell(self.judge, self.cwd, self.depth + 1)
        other.variables, other.functions = dict(self.variables), dict(self.functions)
        other.lenient = self.lenient
        if other.depth > 25:
            self.judge.deny("shell", "the command is nested too deeply to be read")
        return other

    # Programs

    def text(self, text, stdin=("",), lenient=False):
        """Follows a program; gives what it prints. `lenient`: text that is no program is passed over."""
        try:
            parsed = lex.parse(text, self.depth)
        except Unreadable as error:
            if lenient or self.lenient:
                return [UNKNOWN]
            self.judge.deny("shell", "the command can't be read: %s" % error)
        return self.pipelines(parsed, list(stdin))

    def pipelines(self, found, stdin):
        out = [""]
        for pipeline in found:
            flow = stdin
            for command in pipeline:
                shell = self.branch() if len(pipeline) > 1 else self
                flow = shell.command(command, flow)
            out = expand.together(out, flow)
        return out

    def command(self, found, stdin):
        kind = type(found)
        if kind is lex.Function:
            self.functions[found.name] = found.body
            return [""]
        if kind is lex.Simple:
            return self.simple(found, stdin)
        stdin, _ = self.redirected(found.redirects, stdin)
        if kind is lex.For:
            if found.name:
                values = [
                    one
                    for word in found.words
                    for each in expand.fields(word, self)
                    for one in each
                ]
                self.variables[found.name] = expand.few(values) or [""]
            return self.pipelines(found.body, stdin)
        shell = self.branch() if found.subshell else self
        return shell.pipelines(found.body, stdin)

    def simple(self, found, stdin):
        arguments = [each for word in found.words for each in expand.fields(word, self)]
        stdin, outs = self.redirected(found.redirects, stdin)
        declaring = bool(arguments) and arguments[0][0] in lex.DECLARING
        shell = self if declaring or not arguments else self.branch() if found.assigns else self
        for name, value, appended in found.assigns:
            shell.assign(name, value, appended, given=bool(arguments) and not declaring)
        if not arguments:
            return [UNKNOWN] if found.redirects else [""]
        flow = []
        for turn in range(max(map(len, arguments))):
            argv = [values[turn % len(values)] for values in arguments]
            for one in shell.invoke(argv, stdin):
                if one not in flow:
                    flow.append(one)
        if shell is not self:
            self.cwd = shell.cwd
        for path in outs:
            self.judge.written[self.absolute(path)] = flow[0] if len(flow) == 1 else UNKNOWN
        return [""] if outs else flow

    def assign(self, name, value, appended, given):
        if value and isinstance(value[0], list):
            values = [one for word in value for each in expand.fields(word, self) for one in each]
        else:
            values = expand.alternatives(value, self) if value else [""]
        if given:
            self.judge.given(name, values, self)
        if appended:
            values = expand.together(self.variables.get(name, [""]), values)
        self.variables[name] = expand.few(values)

    def redirected(self, redirects, stdin):
        """(what comes in, the files that get what goes out)."""
        outs = []
        for operator, target in redirects:
            if operator == "<<":
                stdin = expand.alternatives(target, self)
                continue
            if operator == "<<<":
                stdin = [one + "\n" for one in expand.alternatives(target, self)]
                continue
            for path in expand.alternatives(target, self):
                if (operator in (">&", "<&") and path.rstrip("-").isdigit()) or path == "-":
                    continue
                self.judge.redirect(operator, path, self)
                if operator.startswith("<") and operator != "<>":
                    stdin = [self.judge.written.get(self.absolute(path), UNKNOWN)]
                elif operator in (">", ">>", ">|", "&>", "&>>"):
                    outs.append(path)
        return stdin, outs

    # Values

    def variable(self, name):
        """The values of a variable; [] where it is not known to be set."""
        if name in self.variables:
            return self.variables[name]
        self.judge.variable(name)
        if name in ("HOME", "PWD"):
            return [self.places.home if name == "HOME" else self.cwd]
        if name == "OLDPWD" or not name or name in "@*#?-$!0123456789":
            return [UNKNOWN]
        value = os.environ.get(name)
        return [value] if value is not None and len(value) < 4096 else []

    def substitute(self, found, process):
        """What $(...) stands for; <(...) is a file with that in it."""
        flow = self.branch().pipelines(found, [""])
        if not process:
            return [one.rstrip("\n") for one in flow]
        paths = []
        for one in flow:
            path = "/dev/fd/%d" % (100 + len(self.judge.written))
            self.judge.written[path] = one
            paths.append(path)
        return paths

    def absolute(self, path):
        return os.path.normpath(os.path.join(self.cwd, path)) if literal(path) else path

    def file(self, path):
        """The text of a file that this program wrote, or of a script on disk; None: not to be told."""
        whole = self.absolute(path)
        if whole in self.judge.written:
            return self.judge.written[whole]
        if not literal(path):
            return None
        try:
            with open(whole, encoding="utf-8", errors="replace") as file:
                text = file.read(SCRIPT + 1)
        except (OSError, ValueError):
            return None
        return text if len(text) <= SCRIPT and "\0" not in text else None

    # Commands

    def invoke(self, argv, stdin):
        """One command with its arguments; gives what it prints."""
        self.judge.count += 1
        if self.judge.count > COMMANDS:
            self.judge.deny("shell", "the command does too much to be read")
        if not argv or not argv[0]:
            return [""]
        self.trusted(argv[0])
        if argv[0] in self.functions and self.depth < 12:
            return self.branch().called(argv, stdin)
        name = programs.base(argv[0])
        wrapped = self.unwrapped(name, argv)
        self.judge.command(name, argv, self, bool(wrapped))
        if wrapped:
            return self.invoke(wrapped, stdin)
        handler = builtin.HANDLERS.get(name)
        flow = handler(self, argv, stdin) if handler else None
        return self.started(name, argv, stdin) if flow is None else flow

    def trusted(self, text, what="it"):
        """Refuses to run text that came from the network or out of a decoder."""
        if TAINTED in text:
            reason = "%s runs what came from the network or out of a decoder" % what
            self.judge.danger("pipe-to-shell", reason)

    def called(self, argv, stdin):
        """A function of the program."""
        self.variables.update({str(place): [value] for place, value in enumerate(argv) if place})
        self.variables["@"] = self.variables["*"] = argv[1:] or [""]
        return self.pipelines(self.functions[argv[0]], stdin)

    def started(self, name, argv, stdin):
        """A program of its own."""
        if name in programs.SHELLS:
            return self.nested_shell(argv, stdin)
        if name in programs.INTERPRETERS:
            return self.interpreter(name, argv, stdin)
        if "/" in argv[0] and self.depth < 8:
            self.script(argv[0], argv)
        passing = name in programs.PASSING and any(TAINTED in one for one in stdin)
        made = name in programs.FETCHERS or name in programs.DECODERS
        return [TAINTED if made or passing else UNKNOWN]

    def unwrapped(self, name, argv):
        """The command that env, timeout, sudo ... run; None where there is none."""
        if name not in programs.WRAPPERS:
            return None
        taking, words = programs.WRAPPERS[name]
        place = 1
        while place < len(argv) and argv[place] != "--":
            word = argv[place]
            if word in SPLIT.get(name, ()):
                return argv[place + 1].split() + argv[place + 2 :] if argv[place + 1 :] else None
            if word in TEXT.get(name, ()):
                return ["sh", "-c", *argv[place + 1 :]]
            if name == "command" and word in ("-v", "-V"):
                return None
            if name == "env" and "=" in word and not word.startswith("-"):
                variable, _, value = word.partition("=")
                self.judge.given(variable, [value], self)
            elif not word.startswith("-"):
                break
            elif word in taking:
                place += 1
                if word in ("-C", "--chdir"):
                    self.cwd = self.absolute("".join(argv[place : place + 1]))
            place += 1
        place += words + (argv[place : place + 1] == ["--"])
        rest = argv[place:]
        return ["sh", "-c", *rest[1:]] if rest and rest[0] in TEXT.get(name, ()) else rest or None

    def nested_shell(self, argv, stdin):
        options, rest = self.shell_options(argv)
        shell = self.branch()
        if "c" in options:
            shell.variables.update({str(at): [value] for at, value in enumerate(rest[1:])})
            shell.variables["@"] = rest[2:] or [""]
            return shell.program(rest[0] if rest else "", stdin)
        if rest and "s" not in options:
            shell.variables["@"] = rest[1:] or [""]
            shell.variables.update({str(at): [value] for at, value in enumerate(rest)})
            shell.script(rest[0], rest, tell=True)
            return [UNKNOWN]
        out = []
        for one in stdin:
            if one.strip() == UNKNOWN:
                reason = "a shell would run what can't be read beforehand"
                self.judge.danger("pipe-to-shell", reason)
            out += shell.program(one, [""]) if one else []
        return out or [UNKNOWN]

    def shell_options(self, argv):
        """(letters of a shell's options, what follows them)"""
        place, letters = 1, ""
        while (
            place < len(argv) and argv[place][:1] in ("-", "+") and argv[place] not in ("-", "--")
        ):
            word = argv[place]
            if word in ("-o", "+o", "-O", "+O", "--rcfile", "--init-file"):
                place += 1
                if word.startswith("--") and place < len(argv):
                    self.script(argv[place], argv, tell=True)
            elif not word.startswith("--"):
                letters += word[1:]
            place += 1
        place += place < len(argv) and argv[place] in ("-", "--")
        return letters, argv[place:]

    def program(self, text, stdin):
        """Text that a shell would run."""
        self.trusted(text)
        if text.strip() in (UNKNOWN, TAINTED):
            return [UNKNOWN]
        return self.branch().text(text, stdin, lenient=unknown(text))

    def script(self, path, argv, tell=False):
        """A shell script that a command names; `tell`: it is the shell's argument, not run by itself."""
        text = self.file(path)
        if text is None:
            return
        self.trusted(text, path)
        written = self.absolute(path) in self.judge.written
        first = text.split("\n", 1)[0]
        bang = first.startswith("#!")
        runs = programs.base((first.split("/")[-1].split() or [""])[-1]) if bang else ""
        if not (tell or (written and not bang) or runs in programs.SHELLS):
            return
        shell = self.branch()
        shell.lenient = not written
        shell.variables.setdefault("@", argv[1:] or [""])
        shell.text(text, [UNKNOWN], lenient=shell.lenient)

    def interpreter(self, name, argv, stdin):
        """python -c, node -e, awk ...: text that is no shell's."""
        options = programs.INTERPRETERS[name]
        operands = [one for one in argv[1:] if not one.startswith("-")]
        texts = list(_program_texts(name, argv, options))
        if "" in options and operands:
            texts.append(operands[0])
        elif not texts and "-m" not in argv and (not operands or "-" in argv):
            texts += stdin
        elif not texts and operands and self.absolute(operands[0]) in self.judge.written:
            texts.append(self.file(operands[0]) or "")
        for text in texts:
            if "" not in options:
                self.trusted(text)
            if text.strip(UNKNOWN + "\n"):
                import code

                code.scan(text, self)
        return [UNKNOWN]

    def found(self, argv):
        """find: what it prints, and what it runs on it."""
        arguments = argv[1:]
        names = [
            value
            for option, value in zip(arguments, arguments[1:])
            if option in ("-name", "-iname")
        ]
        flow = []
        for start in danger.starts(arguments):
            flow += [start + "/" + DEEP + "/" + name.replace("*", STAR) for name in names] or [
                start + "/" + DEEP
            ]
        for place, word in enumerate(arguments):
            if word in ("-exec", "-execdir", "-ok", "-okdir"):
                ends = [at for at in range(place, len(arguments)) if arguments[at] in (";", "+")]
                inner = arguments[place + 1 : ends[0] if ends else len(arguments)]
                for one in flow:
                    self.branch().invoke([each.replace("{}", one) for each in inner], [UNKNOWN])
        return flow


def _program_texts(name, argv, options):
    """The values of the options that are program text."""
    for option, value in zip(argv[1:], argv[2:]):
        short = option[:1] == "-" != option[1:2] and len(option) < 7
        if option in options or (
            short and any(len(one) == 2 and option[-1] == one[1] for one in options)
        ):
            yield value
        elif name in ("perl", "ruby", "node") and option.startswith("-e") and len(option) > 2:
            yield option[2:]
