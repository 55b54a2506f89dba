"""Tricky units and what systemd makes of them; shared with the test that asks a real systemd."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """Lines of a [Service] section, its environment files, and the values of V and W."""

    name: str
    unit: str
    expect: dict[str, str]
    files: dict[str, str] = field(default_factory=dict)


CASES = [
    Case("plain", "Environment=V=1\n", {"V": "1"}),
    Case("two-words", 'Environment="V=a b" W=c\n', {"V": "a b", "W": "c"}),
    Case("single-quotes", "Environment='V=a \"b\"'\n", {"V": 'a "b"'}),
    Case("quote-inside-a-word", 'Environment=V="a b"\n', {"V": "a b"}),
    Case("value-in-quotes", "Environment=V='*'\n", {"V": "*"}),
    Case("c-escapes", r"Environment=V=a\x2ab\tc\s\\d" "\n", {"V": "a*b\tc \\d"}),
    Case("escapes-in-single-quotes", "Environment='V=\\x30.0.0.0'\n", {"V": "0.0.0.0"}),
    Case("octal", "Environment=V=\\052\n", {"V": "*"}),
    Case("unicode", "Environment=V=\\u002a\n", {"V": "*"}),
    Case("unknown-escape", "Environment=W=1 V=a\\qb\n", {"W": "1"}),
    Case("quote-not-closed", 'Environment=W=1 "V=2\n', {"W": "1"}),
    Case("continued", "Environment=V=1 \\\n   W=2\n", {"V": "1", "W": "2"}),
    Case("comment-between", "Environment=V=1 \\\n# no\n; no\n W=2\n", {"V": "1", "W": "2"}),
    Case("comment-that-ends-in-a-backslash", "# no \\\nEnvironment=V=1\n", {"V": "1"}),
    Case("two-backslashes", "Environment=V=1\\\\\nEnvironment=W=2\n", {"V": "1\\", "W": "2"}),
    Case("backslash-and-a-space", "Environment=V=1 \\ \nEnvironment=W=2\n", {"V": "1", "W": "2"}),
    Case("continued-to-the-end", "Environment=V=1 \\", {"V": "1"}),
    Case("later-wins", "Environment=V=1\nEnvironment=V=2\n", {"V": "2"}),
    Case("reset", "Environment=V=1 W=1\nEnvironment=\nEnvironment=V=2\n", {"V": "2"}),
    Case("empty-value", "Environment=V=1\nEnvironment=V=\n", {"V": ""}),
    Case("equals-in-the-value", "Environment=V=a=b\n", {"V": "a=b"}),
    Case("no-name", "Environment==1 1V=2 V-=3 V\nEnvironment=W=1\n", {"W": "1"}),
    Case("blanks-around", "  Environment  =   V=1  \n", {"V": "1"}),
    Case(
        "specifiers",
        "Environment=V=%u:%%:%h W=%n\n",
        {"V": "root:%:/root", "W": "specifiers.service"},
    ),
    Case("other-section", "[Install]\nEnvironment=V=1\n[Service]\nEnvironment=W=2\n", {"W": "2"}),
    Case("unset", "Environment=V=1 W=1\nUnsetEnvironment=V\n", {"W": "1"}),
    Case("unset-a-value", "Environment=V=1 W=1\nUnsetEnvironment=V=1 W=2\n", {"W": "1"}),
    Case("unset-reset", "Environment=V=1\nUnsetEnvironment=V\nUnsetEnvironment=\n", {"V": "1"}),
    Case(
        "file-beats-inline",
        "EnvironmentFile=@DIR@/e\nEnvironment=V=inline\n",
        {"V": "file", "W": "x"},
        {"e": "V=file\nW=x\n"},
    ),
    Case(
        "file-then-reset",
        "EnvironmentFile=@DIR@/e\nEnvironmentFile=\nEnvironment=W=1\n",
        {"W": "1"},
        {"e": "V=file\n"},
    ),
    Case(
        "last-file-wins",
        "EnvironmentFile=@DIR@/e\nEnvironmentFile=-@DIR@/absent\nEnvironmentFile=@DIR@/f\n",
        {"V": "f", "W": "e"},
        {"e": "V=e\nW=e\n", "f": "V=f\n"},
    ),
    Case(
        "file-quoting",
        "EnvironmentFile=@DIR@/e\n",
        {"V": 'a $b "c" \\d', "W": "single 'no'"},
        {"e": 'V="a \\$b \\"c\\" \\d"\nW=\'single \'"\'no\'"\n'},
    ),
    Case(
        "file-blanks-and-escapes",
        "EnvironmentFile=@DIR@/e\n",
        {"V": 'a b"c"', "W": "*"},
        {"e": '  V  =  a b"c"   \nW=\\*\n'},
    ),
    Case(
        "file-continued",
        "EnvironmentFile=@DIR@/e\n",
        {"V": "0.0.0.0", "W": "a\nb"},
        {"e": "V=0.0.\\\n0.0\nW='a\nb'\n"},
    ),
    Case(
        "file-comments",
        "EnvironmentFile=@DIR@/e\n",
        {"W": "1 # no comment"},
        {"e": "#V=1\n ;V=2\nexport V=3\nV\nW=1 # no comment\n"},
    ),
    Case(
        "file-without-a-last-line-break",
        "EnvironmentFile=@DIR@/e\n",
        {"V": "2"},
        {"e": "V=1\r\nV=2"},
    ),
    Case(
        "several-files-by-pattern",
        "EnvironmentFile=@DIR@/*.env\n",
        {"V": "2"},
        {"1.env": "V=1\n", "2.env": "V=2\n"},
    ),
]
