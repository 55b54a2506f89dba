"""Words of sh, bash, zsh and fish text, with their places; nothing is ever run or expanded.

`commands(text, style)` gives the simple commands as `Command`s. Text that we can't follow (an open quote)
is Refusal "malformed".
"""

import re
from collections import namedtuple

from .errors import Refusal

# words: [(start, end)]; nested: inside if, for, { ... } or ( ... ), where a removed line could leave a hole
Command = namedtuple("Command", "words nested")

_OPEN = {"if", "while", "until", "for", "select", "case", "{"}
_CLOSE = {"fi", "done", "esac", "}"}
_PREFIX = {"if", "then", "elif", "else", "do", "while", "until", "!", "{", "time"}
_FISH_PREFIX = {"if", "else", "while", "begin", "and", "or", "not", "!", "builtin", "command"}


def commands(text, style):
    """The simple commands of the text, without keywords and redirections."""
    lexer = _Lexer(text, style)
    lexer.run()
    return lexer.found


class _Lexer:
    def __init__(self, text, style):
        self.text, self.fish = text, style == "fish"
        self.found, self.words, self.heredocs = [], [], []
        self.depth = self.parens = 0
        self.redirected = False

    def run(self):
        text, place = self.text, 0
        while place < len(text):
            char = text[place]
            if text.startswith(("\\\n", "\\\r\n"), place):
                place = text.index("\n", place) + 1
            elif char in " \t\r":
                place += 1
            elif char == "\n":
                self.flush()
                place = self.skip_heredocs(place + 1)
            elif char == "#":
                end = text.find("\n", place)
                place = end if end >= 0 else len(text)
            elif char in ";&|" or (char in "()" and not self.fish):
                self.flush()
                self.parens = max(0, self.parens + {"(": 1, ")": -1}.get(char, 0))
                place += 1
            elif char in "<>":
                place = self.redirection(place)
            else:
                place = self.word(place)
        self.flush()

    def flush(self):
        words, nested = self.words, self.depth + self.parens > 0
        self.words, self.redirected = [], False
        while words:
            first = self.text[slice(*words[0])]
            if not self.fish:
                nested = nested or first in _OPEN or first in _CLOSE
                self.depth = max(0, self.depth + (first in _OPEN) - (first in _CLOSE))
            if first == "function" and not self.fish:
                words = words[2:]
            elif first in (_FISH_PREFIX if self.fish else _PREFIX):
                words = words[1:]
            else:
                break
        if words:
            self.found.append(Command(words, nested or self.depth + self.parens > 0))

    def word(self, place):
        end = self.word_end(place)
        if self.redirected:
            self.redirected = False
        elif not (self.text[end : end + 1] in ("<", ">") and self.text[place:end].isdigit()):
            self.words.append((place, end))
        return end

    def word_end(self, place):
        text, start = self.text, place
        while place < len(text):
            char = text[place]
            if char == "\\":
                place += 2
            elif char == "'":
                place = self.single(place, escapes=self.fish)
            elif char == '"':
                place = self.double(place)
            elif char == "$" and text.startswith("$'", place) and not self.fish:
                place = self.single(place + 1, escapes=True)
            elif char == "$" and text[place + 1 : place + 2] in ("(", "{"):
                place = self.balanced(place + 1)
            elif char == "`" and not self.fish:
                place = self.closed(place, re.compile(r"`(?:[^`\\]|\\.)*`", re.S))
            elif char == "(" and (self.fish or re.fullmatch(r"\w+\+?=", text[start:place])):
                place = self.balanced(place)
            elif char in " \t\r\n;&|<>" or (char in "()" and not self.fish):
                break
            else:
                place += 1
        return min(place, len(text))

    def closed(self, place, pattern):
        match = pattern.match(self.text, place)
        if not match:
            line = self.text.count("\n", 0, place) + 1
            raise Refusal(
                "malformed", "line %d: a quote or bracket is not closed: repair it by hand" % line
            )
        return match.end()

    def single(self, place, escapes):
        return self.closed(place, re.compile(r"'(?:[^'\\]|\\.)*'" if escapes else r"'[^']*'", re.S))

    def double(self, place):
        text, start, place = self.text, place, place + 1
        while place < len(text):
            if text[place] == '"':
                return place + 1
            if text[place] == "\\":
                place += 2
            elif text.startswith(("$(", "${"), place) and not self.fish:
                place = self.balanced(place + 1)
            else:
                place += 1
        return self.closed(start, re.compile("(?!)"))

    def balanced(self, place):
        """After the bracket that closes the one at `place`, quotes minded."""
        text, start, open_, close = (
            self.text,
            place,
            self.text[place],
            {"(": ")", "{": "}"}[self.text[place]],
        )
        level = 0
        while place < len(text):
            char = text[place]
            if char == "\\":
                place += 2
                continue
            if char == "'":
                place = self.single(place, escapes=self.fish)
                continue
            if char == '"':
                place = self.double(place)
                continue
            level += (char == open_) - (char == close)
            place += 1
            if level == 0:
                return place
        return self.closed(start, re.compile("(?!)"))

    def redirection(self, place):
        text = self.text
        if text.startswith(("<(", ">("), place) and not self.fish:
            return self.balanced(place + 1)
        here = re.compile(r"<<(-?)[ \t]*(\\?[\w.+-]+|'[^'\n]*'|\"[^\"\n]*\")").match(text, place)
        if here and not text.startswith("<<<", place) and not self.fish:
            self.heredocs.append((here.group(2).strip("\\'\""), bool(here.group(1))))
            return here.end()
        self.redirected = True
        return re.compile(r"[<>]+[|&]?").match(text, place).end()

    def skip_heredocs(self, place):
        for word, tabs in self.heredocs:
            while place < len(self.text):
                end = self.text.find("\n", place)
                end = end if end >= 0 else len(self.text)
                line = self.text[place:end].rstrip("\r")
                place = end + 1
                if (line.lstrip("\t") if tabs else line) == word:
                    break
        self.heredocs = []
        return min(place, len(self.text))


def unquoted(word, style):
    """The value of a word, or None when it is only known at run time ($VAR, $(...), ~, a list)."""
    fish = style == "fish"
    if word.startswith(("~", "(")):
        return None
    value, place = [], 0
    while place < len(word):
        char = word[place]
        if char == "\\":
            if word[place + 1 : place + 2] != "\n":
                value.append(word[place + 1 : place + 2])
            place += 2
        elif char == "'" and fish:
            end = re.compile(r"'(?:[^'\\]|\\.)*'", re.S).match(word, place).end()
            value.append(re.sub(r"\\([\\'])", r"\1", word[place + 1 : end - 1]))
            place = end
        elif char == "'":
            end = word.index("'", place + 1)
            value.append(word[place + 1 : end])
            place = end + 1
        elif char == '"':
            end = re.compile(r'"(?:[^"\\]|\\.)*"', re.S).match(word, place)
            if not end or re.search(r"(?<!\\)(?:\\\\)*(?:\$|`)", end.group()[1:-1]):
                return None
            value.append(
                re.sub(r'\\(?:\n|([$`"\\]))', lambda match: match.group(1) or "", end.group()[1:-1])
            )
            place = end.end()
        elif char in "$`" or (fish and char in "({"):
            return None
        else:
            value.append(char)
            place += 1
    return "".join(value)
