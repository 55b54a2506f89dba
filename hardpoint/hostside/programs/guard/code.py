"""Program text in other languages, looked through by its literals: what it would open, run, remove, reach.

No parser of any language: literals, their neighbours joined, and the usual disguises undone.
"""

import os
import re

import match
import network

LITERAL = re.compile(
    r'"""(.*?)"""|\'\'\'(.*?)\'\'\'|"((?:[^"\\\n]|\\.)*)"|\'((?:[^\'\\\n]|\\.)*)\'|`((?:[^`\\]|\\.)*)`',
    re.S,
)
ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]+\}|[0-7]{1,3}|.)", re.S)
LISTED = re.compile(r"[\[(]\s*((?:[\"'][^\"'\n]*[\"']\s*,\s*)+[\"'][^\"'\n]*[\"'])\s*,?\s*[\])]")
NUMBERS = re.compile(r"[\[(]\s*(\d{1,7}(?:\s*,\s*\d{1,7}){3,})\s*[\])]")
RUNS = re.compile(
    r"system|popen|subprocess|exec|spawn|child_process|pty\.|check_output|`|\bqx\b|%x|proc_open|\|\s*getline"
)
WRITES = re.compile(
    r"write|[\"'][wax]b?\+?[\"']|append|dump|copy|move|rename|replace\(|link|chmod|truncate|touch|>|mkdir"
)
REMOVES = re.compile(
    r"rmtree|unlink|\bremove|rmdir|\brmSync|\.rm\(|rm_rf|removedirs|File\.delete|emptyDir"
)
CONNECTS = re.compile(
    r"HTTPS?Connection|create_connection|\.connect|gethostby|getaddrinfo|sendto|IO::Socket|fsockopen|TCPSocket|net\.Socket|createConnection|resolve"
)
DECODES = re.compile(r"b64|base64|atob|fromhex|unhexlify|hex|rot_?13|decode|Buffer\.from|pack")
ENVIRON = re.compile(
    r"os\.environ\b(?!\s*(?:\[|\.(?:get|setdefault|pop|update)\b))|process\.env\b(?!\s*[.\[])|%ENV|\bENV\.(?:each|to_h|inspect)|\benviron\(\)|getenv\(\)"
)
NAMED = re.compile(r"(?:process\.env|ENV)\s*(?:\.|\[\s*[\"']?|\{\s*[\"']?)(\w+)")
HOST = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}|\d{1,3}(?:\.\d{1,3}){3}|localhost")
URL = re.compile(r"\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s\"'<>)]+")
NEAR, MOST = 4, 600


def scan(text, shell, depth=0):
    """Judges a program's text. Raises what the shell's judge raises."""
    judge, found = shell.judge, literals(text)
    disguised = undone(text, found)
    for one in disguised:
        if depth < 3:
            scan(one, shell, depth + 1)
            judge.path_text(one, shell)
    removes = bool(REMOVES.search(text))
    writes = removes or bool(WRITES.search(text))
    for one in _joined([*found, *disguised][:MOST]):
        bare = one.lstrip("<>+| ")
        for path in (bare, "~/" + bare.lstrip("/")):
            _protected(path, shell, writes)
    if removes:
        _removed(found, shell)
    _reached(text, found, judge)
    _environment(text, found, judge)
    if RUNS.search(text):
        _commands(text, found, shell)


def _removed(found, shell):
    import danger

    for one in found:
        if one.startswith(("/", "~", "..")):
            shell.judge.danger_if("delete-outside", danger.removal(one, shell, True))


def _reached(text, found, judge):
    """The hosts of the text's addresses, and of its literals where it connects."""
    for one in URL.findall(text):
        if not one.startswith("file:"):
            judge.host(network.host_of(one))
    if CONNECTS.search(text):
        for one in found:
            if HOST.fullmatch(one):
                judge.host(one)


def literals(text):
    """The values of the text's string literals, escapes undone."""
    found = []
    for each in LITERAL.finditer(text):
        value = next((one for one in each.groups() if one is not None), "")
        found.append(ESCAPE.sub(_character, value))
        if len(found) >= MOST:
            break
    return found


def _character(escape):
    body = escape.group(1)
    if body[0] in "xu" and len(body) > 1:
        value = int(body[1:].strip("{}"), 16)
    elif body[0].isdigit():
        value = int(body, 8) if body.isdigit() and not set(body) & set("89") else 0
    else:
        return {"n": "\n", "t": "\t", "\n": ""}.get(body, body)
    return chr(value) if 0 < value < 0x110000 else ""


def undone(text, found):
    """What literals and lists of numbers say behind the usual disguises."""
    plain = _of_numbers(text)
    if "[::-1]" in text or "reverse" in text:
        plain += [one[::-1] for one in found if len(one) > 3]
    if not DECODES.search(text):
        return plain
    if "rot" in text:
        plain += [one.translate(ROT13) for one in found]
    return plain + [value for one in found for value in _decoded(one)]


def _of_numbers(text):
    if not any(one in text for one in ("chr", "fromCharCode", "bytes", "pack")):
        return []
    lists = [one.split(",") for one in NUMBERS.findall(text)]
    single = re.findall(r"chr\((\d{1,7})\)", text)
    lists += [single] if len(single) > 3 else []
    return ["".join(chr(int(one)) for one in each if 0 < int(one) < 0x110000) for each in lists]


def _decoded(one):
    """The text that a literal is in base 64 or in hexadecimal digits."""
    import binascii

    packed = one.strip().replace("-", "+").replace("_", "/")
    for decode in (binascii.unhexlify, binascii.a2b_base64):
        padding = "=" * (-len(packed) % 4) if decode is binascii.a2b_base64 else ""
        try:
            value = decode(packed + padding).decode("utf-8")
        except (ValueError, UnicodeDecodeError):
            continue
        if (len(value) > 3 and value.isprintable()) or "\n" in value:
            yield value


LETTERS = "abcdefghijklmnopqrstuvwxyz"
TURNED = LETTERS[13:] + LETTERS[:13]
ROT13 = str.maketrans(LETTERS + LETTERS.upper(), TURNED + TURNED.upper())


def _joined(found):
    """The literals and what neighbours say when they are put together."""
    texts = dict.fromkeys(found)
    for place in range(len(found)):
        for count in range(2, NEAR + 1):
            near = found[place : place + count]
            if len(near) == count and sum(map(len, near)) < 300:
                texts.setdefault("".join(near))
                texts.setdefault("/".join(one.strip("/") for one in near))
                texts.setdefault("/" + "/".join(one.strip("/") for one in near))
    return [one for one in texts if one and len(one) < 1000 and "\n" not in one]


def _protected(path, shell, writes):
    """As the judge's read and write, by the words alone where they name nothing: most are no paths."""
    places, judge = shell.places, shell.judge
    whole = places.home + path[1:] if path[:1] == "~" else os.path.join(shell.cwd, path)
    if "*" in path or "?" in path:
        whole = "/".join(match.tokens(part) for part in whole.split("/"))
        return judge.path_text(whole, shell)
    whole = os.path.normpath(
        whole[whole.find("/root/") + 5 :]
        if whole.startswith("/proc/") and "/root/" in whole
        else whole
    )
    if os.path.lexists(whole) or path.startswith("file://"):
        return judge.write(path, shell.cwd, True) if writes else judge.path_text(path, shell)
    why = places.secret(whole)
    if why:
        judge.deny("protected", "%s is protected (%s)" % (path, why))
    if writes and places.kept(whole):
        judge.deny(
            "persistent", "%s may not be changed by an agent (%s)" % (path, places.kept(whole))
        )


def _environment(text, found, judge):
    if "env" not in text.lower():
        return
    if ENVIRON.search(text) and judge.secret_variables():
        judge.deny("environment", "it prints the environment, which holds secrets")
    for name in [*found, *NAMED.findall(text)]:
        judge.variable(name)


def _commands(text, found, shell):
    """Literals as commands, lists of literals as arguments."""
    for listed in LISTED.findall(text):
        shell.branch().invoke([one or " " for one in literals(listed)], [""])
    near = ["".join(found[at : at + count]) for at in range(len(found)) for count in (2, 3, 4)]
    for one in dict.fromkeys([*found, *near][:MOST]):
        if " " in one.strip() and len(one) < 20000:
            shell.branch().text(one, lenient=True)
