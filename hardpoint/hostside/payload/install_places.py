"""Where programs are installed besides the packages of the system: by npm and its relatives, and by hand."""

import glob
import os

# folders with bin/ and lib/node_modules
_SYSTEM_PREFIXES = (
    "/usr",
    "/usr/local",
    "/opt/*",
    "/usr/local/n/versions/node/*",
    "/usr/local/nvm/versions/node/*",
    "/usr/local/lib/nodejs/*",
    "/opt/*/versions/node/*",
    "/home/linuxbrew/.linuxbrew",
)
_SYSTEM_BINS = (
    "/bin",
    "/opt/*",
    "/snap/bin",
    "/nix/var/nix/profiles/default/bin",
    "/run/current-system/sw/bin",
)
_PREFIXES = (
    ".local",
    ".npm-global",
    ".npm-packages",
    ".npm",
    "n",
    ".n",
    ".nvm/versions/node/*",
    ".config/nvm/versions/node/*",
    ".fnm/node-versions/*/installation",
    ".local/share/fnm/node-versions/*/installation",
    ".volta/tools/image/node/*",
    ".volta/tools/image/packages/*",
    ".volta/tools/image/packages/*/*",
    ".asdf/installs/nodejs/*",
    ".asdf/installs/nodejs/*/.npm",
    ".local/share/mise/installs/*/*",
    ".nodenv/versions/*",
)
_BINS = (
    "bin",
    ".bin",
    ".bun/bin",
    ".cargo/bin",
    "go/bin",
    ".yarn/bin",
    ".nix-profile/bin",
    ".local/share/pnpm",
    ".local/share/pnpm/bin",
    ".claude/local",
    ".codex/bin",
    ".cursor/bin",
    ".opencode/bin",
)
_MODULES = (
    "node_modules",
    ".claude/local/node_modules",
    ".bun/install/global/node_modules",
    ".config/yarn/global/node_modules",
    ".local/share/pnpm/global/*/node_modules",
)


def of_system():
    """(folders of programs, folders of npm packages) outside the homes."""
    prefixes = _existing("/", _SYSTEM_PREFIXES)
    return [*_bins(prefixes), *_existing("/", _SYSTEM_BINS)], _modules(prefixes)


def of_home(home):
    """The same in a home; call it as its user."""
    prefixes = [*_existing(home, _PREFIXES), *_npm_prefix(home)]
    bins = [*_bins(prefixes), *_existing(home, _BINS)]
    return bins, [*_modules(prefixes), *_existing(home, _MODULES)]


def _existing(base, patterns):
    paths = (glob.glob(os.path.join(glob.escape(base), one.lstrip("/"))) for one in patterns)
    return [path for some in paths for path in sorted(some)]


def _bins(prefixes):
    return [os.path.join(prefix, "bin") for prefix in prefixes]


def _modules(prefixes):
    return [os.path.join(prefix, "lib", "node_modules") for prefix in prefixes]


def _npm_prefix(home):
    """What ~/.npmrc says; the file may hold tokens, and nothing else of it is kept."""
    try:
        with open(os.path.join(home, ".npmrc"), encoding="utf-8", errors="replace") as file:
            lines = file.read(65536).splitlines()
    except OSError:
        return []
    given = [line.partition("=")[2].strip(" \"'") for line in lines if _is_prefix(line)]
    places = [path.replace("${HOME}", home) for path in given]
    places = [home + path[1:] if path.startswith("~/") else path for path in places]
    return [path for path in places if path.startswith(home + "/")]


def _is_prefix(line):
    return line.partition("=")[0].strip() == "prefix"
