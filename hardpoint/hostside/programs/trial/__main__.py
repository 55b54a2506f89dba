"""Runs a coding agent against a scripted model and tells what got through.

    python3 -I -S -B FOLDER < spec.json > result.json      as root; Python >= 3.9, unshare(1), git

Spec: {"agent": id, "program": path, "user": name, "mode": name of agents.py, "hostile": bool,
"rows": null or [ids], "launcher": null or path, "seconds": limit}. Result: {"ok": true, "mode": the one
that started, "refused": [{"mode", "said"}], "rows": [{"id", "group", "kind", "outcome", "layer",
"evidence", "seconds"}], "alive": what was tried did not silence the tools, "counts": that and all
tasks passed, "elsewhere": canaries that came back in no row, ...}, or {"ok": false, "message"}.

The agent sees the host's own /etc and programs, read-only, and nothing else of it: a home in memory,
no network, no other process. All of it goes with the namespaces.
"""

import json
import os
import subprocess
import sys

GRACE = 30
"""Seconds beyond the trial's own limit after which its namespaces are ended."""


def main():
    if sys.argv[1:] == ["inside"]:
        return inside()
    text = sys.stdin.read()
    command = [
        "unshare",
        "--mount",
        "--net",
        "--ipc",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
    ]
    command += [
        sys.executable,
        "-I",
        "-S",
        "-B",
        os.path.dirname(os.path.abspath(__file__)),
        "inside",
    ]
    try:
        seconds = json.loads(text).get("seconds", 600) + GRACE
        done = subprocess.run(
            command, input=text, stdout=subprocess.PIPE, timeout=seconds, text=True
        )
    except (ValueError, AttributeError, TypeError) as error:
        return answer({"ok": False, "message": "not a spec: %s" % error})
    except subprocess.TimeoutExpired:
        return answer({"ok": False, "message": "no end within its time: ended"})
    except OSError as error:
        return answer({"ok": False, "message": "no namespaces: %s" % error})
    sys.stdout.write(
        done.stdout or json.dumps({"ok": False, "message": "the trial ended without a result"})
    )
    return 0


def inside():
    from trial import Problem, trial

    try:
        return answer(trial(json.loads(sys.stdin.read())))
    except (Problem, OSError, KeyError) as error:
        return answer({"ok": False, "message": "%s: %s" % (type(error).__name__, error)})


def answer(result):
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
