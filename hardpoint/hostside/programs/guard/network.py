"""Where a command would connect to, and whether the policy names it."""

import programs
from marks import shown, unknown

OPTIONS_WITH_VALUE = {
    "curl": "-A -b -c -C -d -D -e -E -F -H -m -o -P -Q -r -t -T -u -U -w -X -y -Y -z "
    "--data --data-raw --data-binary "
    "--data-urlencode --data-ascii --json --header "
    "--output --request --user --user-agent --form --form-string "
    "--cookie --cookie-jar --max-time --connect-timeout --retry --retry-delay --retry-max-time --write-out "
    "--cacert --capath --cert --key --upload-file --range --referer --limit-rate --max-redirs --interface "
    "--output-dir --stderr --trace --trace-ascii --dump-header --noproxy --ciphers --tls-max --variable",
    "wget": "-o -O -a -P -t -T -w -U -Q -R -A -D -I -X -e "
    "--output-document --output-file --directory-prefix --tries "
    "--timeout --wait --user-agent --header --post-data --post-file --method --body-data --body-file --user "
    "--password --execute --load-cookies --save-cookies --ca-certificate",
    "ssh": "-b -c -D -E -e -F -I -i -L -l -m -O -o -p -Q -R -S -W -w -B",
    "nc": "-e -i -w -p -s -q -X -x -I -O -T -V",
    "ping": "-c -i -W -w -s -t -I",
    "openssl": "-CAfile -servername -cert -key",
}
OPTIONS_WITH_VALUE = {name: frozenset(found.split()) for name, found in OPTIONS_WITH_VALUE.items()}
OPTIONS_WITH_VALUE["ncat"] = OPTIONS_WITH_VALUE["netcat"] = OPTIONS_WITH_VALUE["nc"]
TO_HOSTS = frozenset(
    (
        "--proxy",
        "-x",
        "--socks5",
        "--socks5-hostname",
        "--socks4",
        "--preproxy",
        "--doh-url",
        "--url",
    )
)
UNSEEN = {"curl": ("-K", "--config"), "wget": ("-i", "--input-file", "--config")}

ALL_WORDS = frozenset("curl wget aria2c fetch lynx w3m links elinks".split())
"""Every word that is no option is an address."""
FIRST_WORD = frozenset(
    "ssh sftp nc ncat netcat telnet ftp lftp ping ping6 "
    "traceroute tracepath mtr whois nslookup host nmap mosh".split()
)
NAMES = frozenset(("dig", "drill", "kdig"))
COPIERS = frozenset(("scp", "rsync", "git"))
TALKERS = frozenset(
    "http https xh socat openssl git pip uv npm pnpm yarn "
    "npx bun bunx deno go cargo docker podman gh pipx conda "
    "gem brew apt apt-get dnf yum apk helm kubectl aws gcloud gsutil az rclone websocat grpcurl ab wrk hey "
    "youtube-dl yt-dlp svn hg uvx composer rustup".split()
)
"""Programs whose words are looked through for addresses."""
GIT_ASKS = frozenset("clone remote fetch pull ls-remote submodule".split())
METHODS = frozenset("GET POST PUT DELETE PATCH HEAD OPTIONS".split())


def destinations(name, arguments):
    """The hosts that a command names, as they are written; a gap (marks.py) for one that can't be seen."""
    name = programs.base(name)
    name = "pip" if name.startswith("pip3") else name
    found = []
    if name in UNSEEN and any(one.split("=")[0] in UNSEEN[name] for one in arguments):
        found.append("what the file of addresses names")
    if name in TALKERS or name in COPIERS or name in ALL_WORDS or name in FIRST_WORD:
        found += [host_of(one) for one in _urls(arguments)]
    plain = _plain(name, arguments, found)
    if name in ALL_WORDS:
        found += [host_of(one) for one in plain]
    elif name in FIRST_WORD:
        found += [host_of(one) for one in plain[:1]]
    elif name in COPIERS:
        loose = name != "git" or bool(GIT_ASKS.intersection(arguments[:4]))
        found += [_remote(one, loose) for one in plain]
    else:
        found += _peculiar(name, arguments, plain)
    return [one for one in found if one]


def _peculiar(name, arguments, plain):
    """The hosts of programs that name them in a way of their own."""
    if name in NAMES:
        return [one.lstrip("@") for one in plain if "." in one or unknown(one)]
    if name in ("http", "https", "xh"):
        return [host_of(one) for one in [one for one in plain if one not in METHODS][:1]]
    if name == "getent" and arguments[:1] and "hosts" in arguments[0]:
        return plain[1:]
    if name == "openssl" and arguments[:1] == ["s_client"]:
        after = [value for option, value in zip(arguments, arguments[1:]) if option == "-connect"]
        return [host_of(one) for one in after]
    kinds = ("TCP", "UDP", "SSL", "OPENSSL", "SOCKS", "PROXY")
    if name == "socat":
        return [one.split(":")[1] for one in plain if ":" in one and one.upper().startswith(kinds)]
    return []


def _plain(name, arguments, found):
    """The words that are no options and no options' values."""
    taking, plain, place = OPTIONS_WITH_VALUE.get(name, frozenset()), [], 0
    while place < len(arguments):
        word = arguments[place]
        option, equals, value = word.partition("=")
        if word.startswith("-") and word != "-":
            if (option in TO_HOSTS and name in ALL_WORDS) or (name == "curl" and word[:2] == "-x"):
                given = value if equals else word[2:] if word[:2] == "-x" and len(word) > 2 else ""
                if not given:
                    place += 1
                    given = arguments[place] if place < len(arguments) else ""
                found.append(host_of(given))
            elif word in taking or (
                name == "curl" and len(word) > 2 and word[1] != "-" and "-" + word[-1] in taking
            ):
                place += 1
        else:
            plain.append(word)
        place += 1
    return plain


def _urls(arguments):
    for word in arguments:
        place = word.find("://")
        while place > 0:
            start = place
            while start and (word[start - 1].isalnum() or word[start - 1] in "+-."):
                start -= 1
            if word[start:place].lower() not in ("file", "s3", "gs", ""):
                yield word[start:]
            place = word.find("://", place + 3)


def _remote(word, loose):
    """The host of user@host:path or, where that can be meant, host:path; "" for anything else."""
    before, colon, _ = word.partition(":")
    if (
        not colon
        or "/" in before
        or "=" in before
        or not before
        or word[len(before) :].startswith("://")
    ):
        return ""
    return before.rpartition("@")[2] if "@" in before or loose else ""


def host_of(address):
    """The host of an address with or without a scheme, lower case, without user and port."""
    rest = address.partition("://")[2] if "://" in address else address
    for end in "/?#\\ \t\n":
        rest = rest.partition(end)[0]
    rest = rest.rpartition("@")[2]
    if rest.startswith("["):
        return rest[1:].partition("]")[0].lower()
    return rest.partition(":")[0].lower().rstrip(".") or (
        "localhost" if rest.startswith(":") else ""
    )


def refusal(host, policy):
    """Why a host may not be asked; "" if it may."""
    if policy.profile == "sealed":
        return "the profile sealed has no network"
    allowed = policy.provider if policy.profile == "research" else policy.network_allow
    name = host.lower().rstrip(".")
    for one in allowed:
        one = one.lower()
        if name == one or (
            one.startswith("*.") and name.endswith(one[1:]) and len(name) > len(one) - 1
        ):
            return "" if not unknown(name) else "the host %s can't be told" % shown(host)
    if policy.profile == "research":
        return "the profile research has no network"
    return "the host %s is not on the list of allowed ones" % shown(host)
