"""What of the environment goes along: what programs need to run, and what an agent's row names."""

import fnmatch
import os

KEPT = (
    "TERM",
    "COLORTERM",
    "TERM_PROGRAM",
    "NO_COLOR",
    "FORCE_COLOR",
    "COLUMNS",
    "LINES",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "USER",
    "LOGNAME",
    "SHELL",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "CI",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "JAVA_HOME",
    "GOTOOLCHAIN",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
)

SHIMS = "/usr/local/lib/hardpoint/bin"
"""Where this launcher stands before the agents; inside it would only find itself."""

LOOPBACK = "127.0.0.1"
PROXY_PORT = 3128
_PROXY = "http://%s:%d" % (LOOPBACK, PROXY_PORT)
_DIRECT = "localhost,127.0.0.1,::1"
_PROXIED = {
    "NODE_USE_ENV_PROXY": "1",
    "GLOBAL_AGENT_HTTP_PROXY": _PROXY,
    "GLOBAL_AGENT_HTTPS_PROXY": _PROXY,
    "GLOBAL_AGENT_NO_PROXY": _DIRECT,
    "YARN_HTTP_PROXY": _PROXY,
    "YARN_HTTPS_PROXY": _PROXY,
}
_UNSIGNED = {
    # keys stay outside, so a commit can't be signed; it can be, afterwards. Not by GIT_CONFIG_KEY_0: Codex
    # hides whatever has KEY in its name from commands, and git then fails
    "GIT_CONFIG_PARAMETERS": "'commit.gpgsign=false' 'tag.gpgsign=false'",
}


def search_path(given):
    """The folders of $PATH where programs may be: absolute ones, without our own."""
    folders = given.get("PATH", "/usr/local/bin:/usr/bin:/bin").split(":")
    return [one for one in dict.fromkeys(folders) if os.path.isabs(one) and one != SHIMS]


def inside(given, home, path, own, proxied):
    """The sandbox's variables. own: patterns of the agent's row; proxied: whether there is a way out."""
    wanted = [*KEPT, *own]
    kept = {
        name: value
        for name, value in given.items()
        if any(fnmatch.fnmatchcase(name, one) for one in wanted)
    }
    kept.update(HOME=home, PATH=":".join(path), HARDPOINT_RUN="1", **_UNSIGNED)
    if proxied:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            kept[name] = kept[name.lower()] = _PROXY
        kept["NO_PROXY"] = kept["no_proxy"] = _DIRECT
        kept.update(_PROXIED)
    return kept
