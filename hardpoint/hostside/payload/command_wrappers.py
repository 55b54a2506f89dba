"""Programs that run another one: env, nice, sudo, uv run, npx, interpreters. Data, and the way past their options."""

import re
from collections import namedtuple

SHELLS = ("sh", "bash", "dash", "ash", "zsh", "ksh")
SHELL_OPTIONS = ("-o", "+o", "-O", "+O", "--rcfile", "--init-file")

# options: those that take the next word; words: how many more stand before the command; verbs: one must follow ("": none);
# python: takes -m and -c as python does
_Wrapper = namedtuple("_Wrapper", "options words verbs python", defaults=("", 0, (), False))
_UV = (
    "-p --python --with --with-requirements --with-editable --from --project --directory --env-file --extra"
    " --group --package --index --default-index --index-url --extra-index-url --config-file --cache-dir"
)
_CONDA = _Wrapper("-n --name -p --prefix --cwd", verbs=("run",))
_NODE = "-r --require --import --loader --experimental-loader -C --conditions"
_WRAPPERS = {
    "env": _Wrapper("-u --unset -C --chdir"),
    "nice": _Wrapper("-n --adjustment"),
    "ionice": _Wrapper("-c --class -n --classdata"),
    "chrt": _Wrapper(words=1),
    "numactl": _Wrapper(
        "-i --interleave -p --preferred -C --physcpubind -N --cpunodebind -m --membind"
    ),
    "taskset": _Wrapper(words=1),
    "timeout": _Wrapper("-s --signal -k --kill-after", words=1),
    "stdbuf": _Wrapper("-i --input -o --output -e --error"),
    "sudo": _Wrapper("-u --user -g --group -p --prompt -C -h --host -r -t -T -U -D --chdir -R"),
    "doas": _Wrapper("-u -C"),
    "runuser": _Wrapper("-u --user -g --group -G --supp-group -w --whitelist-environment"),
    "flock": _Wrapper("-w --wait --timeout -E --conflict-exit-code", words=1),
    "exec": _Wrapper("-a"),
    "systemd-run": _Wrapper(
        "-u --unit -p --property -E --setenv --working-directory --uid --gid --slice --description"
        " --on-active --on-boot --on-calendar"
    ),
    "systemd-inhibit": _Wrapper("--what --who --why --mode"),
    "systemd-cat": _Wrapper("-t --identifier -p --priority"),
    "xvfb-run": _Wrapper("-e -f -n --server-num -s --server-args -w"),
    "uv": _Wrapper(_UV, verbs=("run", "tool run", "x"), python=True),
    "uvx": _Wrapper(_UV),
    "pipx": _Wrapper("--spec --python --pip-args", verbs=("run",)),
    "conda": _CONDA,
    "mamba": _CONDA,
    "micromamba": _CONDA,
    "npx": _Wrapper("-p --package"),
    "npm": _Wrapper("-p --package --prefix", verbs=("exec", "x")),
    "pnpm": _Wrapper("--package -C --dir", verbs=("dlx", "exec")),
    "yarn": _Wrapper("-p --package --cwd", verbs=("dlx", "exec")),
    "bun": _Wrapper("-r --preload --cwd", verbs=("run", "x", "")),
    "deno": _Wrapper("-c --config --import-map --lock --cert -L", verbs=("run", "")),
    "python": _Wrapper("-W -X", python=True),
    "node": _Wrapper(_NODE),
    "tsx": _Wrapper(_NODE),
    **dict.fromkeys(SHELLS, _Wrapper(" ".join(SHELL_OPTIONS))),
    **dict.fromkeys(("poetry", "pipenv", "pdm", "hatch", "rye"), _Wrapper(verbs=("run",))),
    **dict.fromkeys(
        ("nohup", "setsid", "command", "time", "bunx", "dbus-run-session", "tini", "dumb-init"),
        _Wrapper(),
    ),
}
_MODULE = re.compile(r"-[bBdEhiIOPqsSuvx]*m")
_CODE = re.compile(r"-[bBdEiIOPqsSuvx]*c")


def tool(word):
    """The name of an interpreter or wrapper, without a version: python for python3.11."""
    base = word.rpartition("/")[2]
    if re.fullmatch(r"(python|pypy)[0-9.]*w?", base):
        return "python"
    return {"nodejs": "node"}.get(base, base)


def behind(values, at):
    """(index of the word after a wrapper at `at` and its options, ""); for python -m (index after the module,
    the module); the end where the word is no wrapper, or runs no program (python -c)."""
    name, end = tool(values[at]), (len(values), "")
    wrapper = _WRAPPERS.get(name)
    if wrapper is None:
        return end
    at = _past_options(values, at + 1, wrapper)
    if wrapper.verbs:
        taken = _verb(values[at:], wrapper.verbs)
        if taken is None:
            return end
        at = _past_options(values, at + taken, wrapper)
    if wrapper.python and at < len(values):
        if _MODULE.fullmatch(values[at]):
            return (at + 2, values[at + 1]) if at + 1 < len(values) else end
        if _CODE.fullmatch(values[at]):
            return end
    return at + wrapper.words, ""


def _past_options(values, at, wrapper):
    """The index of the first word that is no option; one that says what python runs ends them, too."""
    options = wrapper.options.split()
    while at < len(values) and values[at].startswith("-") and len(values[at]) > 1:
        word = values[at]
        if word == "--":
            return at + 1
        if wrapper.python and (_MODULE.fullmatch(word) or _CODE.fullmatch(word)):
            return at
        # -nu ends with one that takes a word, too
        last = re.fullmatch(r"-[A-Za-z]{2,4}", word) and "-" + word[-1] in options
        at += 2 if word in options or last else 1
    return at


def _verb(values, verbs):
    """How many words the verb of a wrapper takes; None where it is another one."""
    for verb in verbs:
        parts = verb.split()
        if values[: len(parts)] == parts:
            return len(parts)
    return None
