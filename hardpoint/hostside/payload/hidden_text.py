"""What a person who reads an instruction file does not see, and phrases that ask an agent to leak."""

import re

_INVISIBLE = (
    # letters of ASCII written as tags; the flags of England, Scotland and Wales hold some
    ("hidden tag characters", r"(?<!\U0001f3f4)(?<![\U000e0020-\U000e007e])[\U000e0001-\U000e007f]"),
    ("text whose direction is turned", "[\u202a-\u202e\u2066-\u2069]"),
    # inside a word of ASCII, or several: one alone comes with what is copied from the web
    ("invisible characters", "[\u200b-\u200d\u2060-\u2064\u180e\u115f\u1160\u3164\uffa0\ufeff]{3}"
     "|(?<=[A-Za-z])[\u200b-\u200d\u2060-\u2064\ufeff](?=[A-Za-z])"),
    # one chooses between two looks of a character; several in a row carry bytes
    ("bytes hidden in variation selectors",
     "[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2}|(?<=[A-Za-z ])[\ufe00-\ufe0f\U000e0100-\U000e01ef]"),
    ("control characters of a terminal", "[\x00-\x08\x0b\x0e-\x1a\x1b\x1c-\x1f\x7f\x9b]"),
)  # fmt: skip
_SECRETS = (
    r"(?:api[ _-]?keys?|credentials?|secrets?|passwords?|access tokens?|private keys?|ssh keys?"
    r"|environment variables?|\.env\b|\.ssh\b|\.aws\b|\.netrc\b|id_rsa|id_ed25519)"
)
_FILES = (
    r"(?:\.ssh/|\.aws/|\.env\b(?!\.example)|\.netrc|\.kube/|id_rsa|id_ed25519|/etc/shadow|printenv)"
)
_SEND = r"(?:send|post|upload|transmit|forward|exfiltrate|leak|e-?mail|submit|deliver)"
_PHRASES = (
    ("asks to ignore other instructions",
     r"\b(?:ignore|disregard|forget|override) (?:all |any |the |your |of |these |those ){0,3}"
     r"(?:previous|prior|above|earlier|preceding|system|safety) (?:\w+ )?"
     r"(?:instructions?|prompts?|rules|guidelines|directives?)"),
    ("asks to hide something from the person",
     r"\b(?:do not|don't|never|without) (?:ever )?(?:tell|inform|notify|alert|telling|informing|notifying"
     r"|alerting) (?:the |your )?(?:user|human|developer|operator|person)\b"
     r"|\b(?:do not|don't|never) (?:mention|reveal|disclose|show) (?:this|it|that|these)\b[^.]{0,40}"
     r"\bto the (?:user|human|developer|operator)\b"),
    ("asks to send secrets somewhere",
     r"\b%s\b[^.]{0,80}%s.{0,80}(?:https?://|\bwebhook\b|\bto [\w-]+\.[a-z]{2,}\b)" % (_SEND, _SECRETS)),
    ("sends files with secrets",
     r"\b(?:curl|wget|nc|ncat)\b.{0,200}(?:\$\(|`|@|<).{0,80}%s" % _FILES
     + r"|%s[^|]{0,80}\|.{0,80}\b(?:curl|wget|nc|ncat)\b" % _FILES),
    ("runs decoded text", r"\bbase64 (?:-d|-D|--decode)\b.{0,60}\|[ ]*(?:sudo )?(?:ba|z|da)?sh\b"),
    ("names a host that collects what is sent to it",
     r"\b(?:webhook\.site|requestcatcher\.com|requestbin\.(?:com|net)|interact\.sh|oast\.(?:fun|pro|live|site"
     r"|online|me)|burpcollaborator\.net|pipedream\.net)\b"),
    ("asks to do something in secret",
     r"\b(?:secretly|covertly|silently|quietly) (?:send|upload|exfiltrate|post|copy|forward|append|include)\b"),
)  # fmt: skip
_NEGATED = re.compile(
    r"\b(?:never|not|don't|avoid|without|refuse to|cannot|must not)\b[^.]{0,25}$", re.I
)
_HIDDEN_RULES = [(kind, re.compile(text)) for kind, text in _INVISIBLE]
_PHRASE_RULES = [(kind, re.compile(text, re.I)) for kind, text in _PHRASES]
_UNSEEN = re.compile("[\u200b-\u200d\u2060-\u2064\ufeff\u00ad\U000e0001-\U000e007f]")
_ODD = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u115e\u1161-\u180d\u180f-\u1fff\u2010-\u2027\u3000-\u3163\u3165-\ud7ff]"
)
# a word of each phrase, so that most text is looked at once
_TRIGGER = re.compile(
    r"ignore|disregard|forget|override|(?:tell|inform|notify|alert)(?:ing)? (?:the|your|user|human|dev|oper|per)"
    r"|mention|reveal|disclos|show (?:th|it)|send|post|upload|transmit|forward|exfil|leak|mail|submit|deliver"
    r"|curl|wget|nc |ncat|base64|webhook|requestc|requestb|interact\.sh|oast|burpco|pipedream|secretly|covertly|silently|quietly"
)
_APART = re.compile(
    r"\n(?=[ \t]*(?:\n|[-*+#|>`]|\d+[.)]))"
)  # paragraphs, entries of a list, rows of a table


def flags(text):
    """[(what, line)], once each: where the first one is, or where its paragraph begins."""
    found = {}
    if _ODD.search(text):
        for kind, rule in _HIDDEN_RULES:
            match = rule.search(text)
            if match:
                found[kind] = text.count("\n", 0, match.start()) + 1
    line = 1
    for part in _APART.split(text):
        plain = " ".join((part if part.isascii() else _UNSEEN.sub("", part)).split())
        if _TRIGGER.search(plain.lower()):
            for kind in _phrases(plain):
                found.setdefault(kind, line + len(part) - len(part.lstrip("\n")))
        line += part.count("\n") + 1
    return list(found.items())


def _phrases(plain):
    for kind, rule in _PHRASE_RULES:
        for match in rule.finditer(plain):
            if not _NEGATED.search(plain[max(0, match.start() - 40) : match.start()]):
                yield kind
                break
