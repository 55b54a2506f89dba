"""Shell text as a tree: what sh and bash would see, without running or expanding any of it.

`parse(text)` gives a list of pipelines, a pipeline being a list of commands:

    Simple(assigns, words, redirects)      assigns: [(name, word or list of words)]
    Group(body, redirects, subshell)       ( ... ), { ... }, if, while, until: all branches in order
    For(name, words, body, redirects)
    Function(name, body)

A word is a list of parts: ("text", characters, quoted), ("glob", character), ("variable", Parameter),
("command", pipelines, quoted), ("process", pipelines). Text that a shell would refuse, too, is Unreadable.
"""

from collections import namedtuple

from marks import Unreadable

Simple = namedtuple("Simple", "assigns words redirects")
Group = namedtuple("Group", "body redirects subshell")
For = namedtuple("For", "name words body redirects")
Function = namedtuple("Function", "name body")
Redirect = namedtuple("Redirect", "operator target")
Parameter = namedtuple("Parameter", "name prefix operator argument quoted")

DEPTH = 40
LENGTH = 256 * 1024
META = " \t\r\n;&|<>()"
NOT_PLAIN = frozenset(META + "\\'\"$`*?[}@+!")
NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")
SPECIAL = frozenset("@*#?-$!")
OPERATORS = ("&>>", "<<<", "<<-", "&>", ">>", ">|", ">&", "<>", "<&", "<<", ">", "<")
ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "v": "\v",
}


def parse(text, depth=0):
    """The pipelines of a program. Raises Unreadable."""
    if len(text) > LENGTH:
        raise Unreadable("the command is too long to be read")
    parser = Parser(text, depth)
    found = parser.pipelines(())
    if parser.place < len(text):
        raise Unreadable("unexpected %r" % text[parser.place : parser.place + 10])
    return found


def parse_text(text, depth=0):
    """One word: text with expansions and without quoting, as in an unquoted here-document."""
    return Parser(text, depth).quoted_parts("")


class Parser:
    def __init__(self, text, depth):
        if depth > DEPTH:
            raise Unreadable("nested too deeply")
        self.text, self.place, self.depth = text, 0, depth
        self.pending = []  # here-documents whose bodies follow the line

    # Lists and pipelines

    def pipelines(self, until):
        """Pipelines up to a word or bracket of `until`, which is left in place."""
        found = []
        while True:
            self.blank(lines=True)
            if self.place >= len(self.text) or self.at(until):
                return found
            if self.peek() in ";&" and not self.text.startswith("&>", self.place):
                if self.text.startswith(";;", self.place):
                    return found
                self.place += 1
                continue
            if self.peek() == ")":
                return found
            found.append(self.pipeline(until))

    def pipeline(self, until):
        commands = []
        while True:
            while self.keyword() in ("!", "time", "coproc"):
                self.word()
                self.blank()
                if self.keyword() == "-p":
                    self.word()
                    self.blank()
            commands.append(self.command(until))
            self.blank()
            if self.text.startswith(("&&", "||"), self.place):
                self.place += 2
                return commands
            if self.peek() != "|":
                return commands
            self.place += 2 if self.text.startswith("|&", self.place) else 1
            self.blank(lines=True)
            if self.place >= len(self.text):
                raise Unreadable("a pipe leads nowhere")

    def command(self, until):
        self.depth += 1
        if self.depth > DEPTH:
            raise Unreadable("nested too deeply")
        try:
            return self.any_command(until)
        finally:
            self.depth -= 1

    def any_command(self, until):
        if self.text.startswith("((", self.place):
            start = self.place
            inner = self.arithmetic(self.place)
            if inner is not None:
                return Simple([], [[("text", "((", False)], inner], self.redirects())
            self.place = start
        if self.peek() == "(":
            self.place += 1
            body = self.pipelines((")",))
            self.expect(")")
            return Group(body, self.redirects(), True)
        compound = {
            "{": self.braces,
            "if": self.condition,
            "while": self.loop,
            "until": self.loop,
            "for": self.for_loop,
            "select": self.for_loop,
            "case": self.case,
            "function": self.function,
            "[[": self.test,
        }.get(self.keyword())
        return compound() if compound else self.simple(until)

    def braces(self):
        self.expect("{")
        body = self.pipelines(("}",))
        self.expect("}")
        return Group(body, self.redirects(), False)

    def condition(self):
        self.expect("if")
        body = self.pipelines(("then",))
        self.expect("then")
        while True:
            body += self.pipelines(("elif", "else", "fi"))
            ending = self.keyword()
            self.expect(ending if ending in ("elif", "else", "fi") else "fi")
            if ending == "fi":
                return Group(body, self.redirects(), False)
            if ending == "elif":
                body += self.pipelines(("then",))
                self.expect("then")

    def loop(self):
        self.place += 5  # while, until
        body = self.pipelines(("do",)) + self.body()
        return Group(body, self.redirects(), False)

    def body(self):
        self.expect("do")
        body = self.pipelines(("done",))
        self.expect("done")
        return body

    def for_loop(self):
        self.word()
        self.blank()
        if self.text.startswith("((", self.place):
            head = self.arithmetic(self.place)
            if head is None:
                raise Unreadable("a loop without an end")
            name, words = "", [head]
        else:
            name, words = self.bare(), [[("variable", Parameter("@", "", "", None, True))]]
        self.blank(lines=True)
        if self.keyword() == "in":
            self.word()
            words = self.words_here()
        while self.peek() == ";":
            self.place += 1
        self.blank(lines=True)
        body = self.braces().body if self.keyword() == "{" else self.body()
        return For(name, words, body, self.redirects())

    def case(self):
        self.expect("case")
        self.blank()
        subject = self.word() or []
        self.blank(lines=True)
        self.expect("in")
        body = [[Simple([], [[("text", ":", False)], subject], [])]]
        while True:
            self.blank(lines=True)
            if self.keyword() == "esac":
                self.expect("esac")
                return Group(body, self.redirects(), False)
            if self.peek() == "(":
                self.place += 1
            while self.peek() not in (")", ""):
                self.blank(lines=True)
                if self.peek() == "|":
                    self.place += 1
                elif not self.word() and self.peek() != ")":
                    raise Unreadable("a pattern of case is broken")
            self.expect(")")
            body += self.pipelines(("esac",))
            while self.peek() in (";", "&") and self.peek():
                self.place += 1

    def function(self):
        self.expect("function")
        self.blank()
        name = self.bare()
        self.blank()
        if self.text.startswith("()", self.place):
            self.place += 2
        self.blank(lines=True)
        return Function(name, [[self.command(())]])

    def test(self):
        self.expect("[[")
        words = [[("text", "[[", False)]]
        while True:
            self.blank(lines=True)
            if self.keyword() == "]]":
                self.place += 2
                return Simple([], words, self.redirects())
            if self.place >= len(self.text):
                raise Unreadable("[[ is not closed")
            if self.peek() in ";&|<>()":
                self.place += 1
            else:
                words.append(self.word())

    def simple(self, until):
        assigns, words, redirects = [], [], []
        while True:
            self.blank()
            start = self.place
            redirect = self.redirect()
            if redirect:
                redirects.append(redirect)
                continue
            if self.place >= len(self.text) or self.peek() in "\n;&|)":
                break
            if self.peek() == "(":
                if len(words) == 1 and self.text.startswith("()", self.place):
                    self.place += 2
                    self.blank(lines=True)
                    return Function(plain(words[0]), [[self.command(())]])
                raise Unreadable("unexpected (")
            assign = self.assignment() if not words or plain(words[0]) in DECLARING else None
            if assign:
                assigns.append(assign)
            else:
                words.append(self.word())
            if self.place == start:
                raise Unreadable("unexpected %r" % self.peek())
        if not (assigns or words or redirects):
            raise Unreadable("unexpected %r" % self.peek())
        return Simple(assigns, words, redirects)

    def assignment(self):
        """(name, word or list of words) of NAME=..., or None."""
        end = self.place
        while self.text[end : end + 1] in NAME and end < len(self.text):
            end += 1
        name = self.text[self.place : end]
        if not name or name[0].isdigit():
            return None
        if self.text[end : end + 1] == "[":
            close = self.text.find("]", end)
            end = close + 1 if close > 0 else end
        end += self.text[end : end + 1] == "+"
        if self.text[end : end + 1] != "=":
            return None
        appended = self.text[end - 1] == "+"
        self.place = end + 1
        if self.peek() == "(":
            self.place += 1
            values = self.words_here(closing=")")
            self.expect(")")
        else:
            values = self.word() or []
        return (name, values, appended)

    def words_here(self, closing=""):
        """Words up to the end of the line, or up to `closing`."""
        words = []
        while True:
            self.blank(lines=bool(closing))
            if self.place >= len(self.text) or self.peek() in "\n;&|<>()":
                return words
            words.append(self.word())

    # Redirections

    def redirects(self):
        found = []
        while True:
            self.blank()
            redirect = self.redirect()
            if not redirect:
                return found
            found.append(redirect)

    def redirect(self):
        start, text = self.place, self.text
        end = start
        while text[end : end + 1].isdigit():
            end += 1
        if text[end : end + 1] == "{" and end == start:
            close = text.find("}", end)
            if (
                close > 0
                and text[close + 1 : close + 2] in ("<", ">")
                and set(text[end + 1 : close]) <= NAME
            ):
                end = close + 1
        for operator in OPERATORS:
            if text.startswith(operator, end):
                break
        else:
            return None
        if operator in ("<", ">") and text.startswith("(", end + 1):
            return None  # a process substitution is a word
        self.place = end + len(operator)
        self.blank()
        if operator in ("<<", "<<-"):
            return self.here_document(operator == "<<-")
        target = self.word()
        if target is None:
            raise Unreadable("a redirection leads nowhere")
        return Redirect(operator, target)

    def here_document(self, tabs):
        start = self.place
        word = self.word()
        if word is None:
            raise Unreadable("a here-document without a word")
        quoted = any(mark in self.text[start : self.place] for mark in "'\"\\")
        redirect = Redirect("<<", [])
        self.pending.append((plain(word), quoted, tabs, redirect))
        return redirect

    def here_bodies(self):
        for ending, quoted, tabs, redirect in self.pending:
            lines = []
            while self.place < len(self.text):
                end = self.text.find("\n", self.place)
                end = end if end >= 0 else len(self.text)
                line = self.text[self.place : end].rstrip("\r")
                self.place = end + 1
                line = line.lstrip("\t") if tabs else line
                if line == ending:
                    break
                lines.append(line + "\n")
            body = "".join(lines)
            parts = [("text", body, True)] if quoted else parse_text(body, self.depth + 1)
            redirect.target.extend(parts)
        self.pending = []
        self.place = min(self.place, len(self.text))

    # Words

    def word(self, stop=META):
        """The parts of the word here, None where there is none."""
        parts, start = [], self.place
        while self.place < len(self.text):
            char = self.text[self.place]
            if char in "<>" and self.text.startswith("(", self.place + 1) and char in stop:
                self.place += 2
                parts.append(("process", self.inner(")")))
            elif (char == "(" and parts and parts[-1][0] == "glob") or self.extended():
                self.extended_glob(parts)
            elif char in stop:
                break
            elif not self.piece(parts):
                break
        return parts if self.place > start else None

    def piece(self, parts):
        char = self.text[self.place]
        if char == "\\":
            following = self.text[self.place + 1 : self.place + 2]
            self.place += 2
            if following != "\n":
                parts.append(("text", following, True))
        elif char == "'":
            end = self.text.find("'", self.place + 1)
            if end < 0:
                raise Unreadable("a quote is not closed")
            parts.append(("text", self.text[self.place + 1 : end], True))
            self.place = end + 1
        elif char == '"':
            self.place += 1
            parts += self.quoted_parts('"')
            parts.append(("text", "", True))
        elif char in "$`":
            self.dollar(parts, quoted=False)
        elif char in "*?[":
            parts.append(("glob", char))
            self.place += 1
        else:
            end = self.place + 1
            while end < len(self.text) and self.text[end] not in NOT_PLAIN:
                end += 1
            parts.append(("text", self.text[self.place : end], False))
            self.place = end
        return True

    def extended(self):
        """Whether @(, +( or !( is here: a pattern of bash's extglob."""
        return self.text[self.place] in "@+!" and self.text.startswith("(", self.place + 1)

    def extended_glob(self, parts):
        self.place += self.text[self.place] != "("
        end, level = self.place, 0
        while end < len(self.text):
            level += {"(": 1, ")": -1}.get(self.text[end], 0)
            end += 1
            if not level:
                break
        if level:
            raise Unreadable("a pattern is not closed")
        self.place = end
        parts.append(("glob", "*"))

    def quoted_parts(self, closing):
        """Parts of text in double quotes, up to `closing`; "": to the end of a here-document."""
        parts, kept = [], []

        def keep():
            if kept:
                parts.append(("text", "".join(kept), True))
                del kept[:]

        while self.place < len(self.text):
            char = self.text[self.place]
            if closing and char == closing:
                self.place += 1
                keep()
                return parts
            if char == "\\":
                following = self.text[self.place + 1 : self.place + 2]
                escaped = following in ('$`"\\' if closing else "$`\\") or following == "\n"
                kept.append(
                    (following if following != "\n" else "") if escaped else char + following
                )
                self.place += 2
            elif char in "$`":
                keep()
                self.dollar(parts, quoted=True)
            else:
                kept.append(char)
                self.place += 1
        if closing:
            raise Unreadable("a quote is not closed")
        keep()
        return parts

    def dollar(self, parts, quoted):
        """What $ or a backquote begins."""
        text, place = self.text, self.place
        following = text[place + 1 : place + 2]
        if text[place] == "`":
            self.backquoted(parts, quoted)
        elif following == "(":
            inner = self.arithmetic(place + 1) if text.startswith("$((", place) else None
            if inner is not None:
                parts.append(("number", inner))
                return
            self.place = place + 2
            parts.append(("command", self.inner(")"), quoted))
        elif following == "{":
            self.place = place + 2
            parts.append(("variable", self.parameter(quoted)))
        elif following == "'" and not quoted:
            parts.append(("text", self.ansi(), True))
        elif following == '"' and not quoted:
            self.place += 1
        elif following and following in NAME | SPECIAL:
            self.named(parts, quoted)
        else:
            self.place += 1
            parts.append(("text", "$", quoted))

    def backquoted(self, parts, quoted):
        text, end = self.text, self.place + 1
        while text[end : end + 1] not in ("`", ""):
            end += 2 if text[end] == "\\" else 1
        if end >= len(text):
            raise Unreadable("a backquote is not closed")
        body = (
            text[self.place + 1 : end].replace("\\`", "`").replace("\\$", "$").replace("\\\\", "\\")
        )
        self.place = end + 1
        parts.append(("command", parse(body, self.depth + 1), quoted))

    def named(self, parts, quoted):
        """$NAME, $1 or $@."""
        start = end = self.place + 1
        while end < len(self.text) and self.text[end] in NAME and not self.text[start].isdigit():
            end += 1
        self.place = max(end, start + 1)
        name = self.text[start : self.place]
        parts.append(("variable", Parameter(name, "", "", None, quoted)))

    def inner(self, closing):
        self.depth += 1
        if self.depth > DEPTH:
            raise Unreadable("nested too deeply")
        kept, self.pending = self.pending, []
        body = self.pipelines((closing,))
        self.pending = kept
        self.depth -= 1
        self.expect(closing)
        return body

    def parameter(self, quoted):
        """What stands after ${, with the closing bracket."""
        text, prefix = self.text, ""
        if (
            text[self.place : self.place + 1] in ("!", "#")
            and text[self.place + 1 : self.place + 2] != "}"
        ):
            prefix = text[self.place]
            self.place += 1
        end = self.place
        while end < len(text) and text[end] in NAME:
            end += 1
        if end == self.place and text[end : end + 1] in SPECIAL:
            end += 1
        name, self.place = text[self.place : end], end
        if self.peek() == "[":
            end = text.find("]", self.place)
            if end < 0:
                raise Unreadable("a bracket is not closed")
            self.place = end + 1
        operator = ""
        while self.peek() and self.peek() in ":-+=?#%/^,@" and len(operator) < 2:
            operator += self.peek()
            self.place += 1
            if (
                operator in (":", "-", "+", "=", "?", "@", "/", "#", "%")
                and self.peek() not in ":-+=?#%/"
            ):
                break
        self.depth += 1
        if self.depth > DEPTH:
            raise Unreadable("nested too deeply")
        argument = self.argument()
        self.depth -= 1
        return Parameter(name, prefix, operator, argument, quoted)

    def argument(self):
        parts = []
        while self.peek() != "}":
            if self.place >= len(self.text):
                raise Unreadable("${ is not closed")
            self.piece(parts)
        self.place += 1
        return parts

    def ansi(self):
        """The text of $'...'."""
        text, place, found = self.text, self.place + 2, []
        while place < len(text) and text[place] != "'":
            if text[place] != "\\":
                found.append(text[place])
                place += 1
                continue
            char, (value, place) = text[place + 1 : place + 2], escaped(text, place + 1)
            found.append(value if char else "")
        if place >= len(text):
            raise Unreadable("a quote is not closed")
        self.place = place + 1
        return "".join(found)

    def arithmetic(self, place):
        """The parts inside (( ... )) that begins at `place`; None where it is something else."""
        level, end = 0, place
        while end < len(self.text):
            level += {"(": 1, ")": -1}.get(self.text[end], 0)
            end += 1
            if level == 1 and self.text[end - 1] == ")" and end < len(self.text):
                if (
                    self.text[end] != ")"
                    and place + 2 < end
                    and "(" not in self.text[place + 2 : end]
                ):
                    return None
            if not level:
                break
        if level or not self.text.endswith("))", 0, end):
            return None
        inner = parse_text(self.text[place + 2 : end - 2], self.depth + 1)
        self.place = end
        return inner

    # Characters

    def peek(self):
        return self.text[self.place : self.place + 1]

    def blank(self, lines=False):
        """Passes white space, comments, continued lines and, with `lines`, ends of lines."""
        text = self.text
        while self.place < len(text):
            char = text[self.place]
            if char in " \t\r":
                self.place += 1
            elif text.startswith("\\\n", self.place):
                self.place += 2
            elif char == "#" and (self.place == 0 or text[self.place - 1] in META):
                end = text.find("\n", self.place)
                self.place = end if end >= 0 else len(text)
            elif char == "\n" and (lines or self.pending):
                if self.pending and not lines:
                    return
                self.place += 1
                self.here_bodies()
            else:
                return

    def keyword(self):
        """The plain word here, without passing it."""
        end = self.place
        while end < len(self.text) and self.text[end] not in META:
            end += 1
        return self.text[self.place : end]

    def at(self, until):
        return any(self.keyword() == word or word == ")" == self.peek() for word in until)

    def expect(self, word):
        self.blank(lines=True)
        if not self.text.startswith(word, self.place):
            raise Unreadable("%s is missing" % word)
        self.place += len(word)

    def bare(self):
        return plain(self.word() or [])


def escaped(text, place):
    """(characters, place after them) of the escape whose letter is at `place`, as in $'...'."""
    char = text[place : place + 1]
    bases = {"x": (16, 2, 1), "u": (16, 4, 1), "U": (16, 8, 1)}
    base, most, skip = bases.get(char, (8, 3, 0))
    digits = "0123456789abcdefABCDEF" if base == 16 else "01234567"
    end = place + skip
    while end < len(text) and end - place - skip < most and text[end] in digits:
        end += 1
    if end > place + skip:
        value = int(text[place + skip : end], base)
        return (chr(value) if 0 < value < 0x110000 else "", end)
    return (ESCAPES.get(char, char), place + 1)


def plain(word):
    """The literal characters of a word."""
    return "".join(part[1] for part in word if part[0] in ("text", "glob"))


DECLARING = ("export", "declare", "typeset", "local", "readonly", "alias")
