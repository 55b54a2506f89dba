"""One trial: an agent, as a user, in a mode, through rows.

Runs as root, as the first process of new namespaces.
"""

import json
import pwd
import time

import agents
import ground
import hostile
import outside
import rows as all_rows
import verdict
from hand import Hand
from model import Model
from places import Places
from sessions import NotStarted, Sessions

SECONDS = 600


class Problem(Exception):
    """Why there can be no trial, in words."""


def trial(spec):
    """The result of a spec, as `__main__.py` describes them. Raises Problem."""
    began = time.monotonic()
    agent, account = _known(spec)
    chosen = _chosen(spec.get("rows"))
    modes = _modes(agent, spec["mode"])
    hand = Hand(spec["user"])
    places = Places(hand, account, agent)
    program, real, copied = _of_the_user(spec, hand, agent, account)
    ground.cover(hand, account, ground.install_folders(program, real))
    if spec.get("launcher"):
        ground.replace_policy(spec["agent"], agent["environment"])
    outside.link_up()
    heard = outside.Outside().heard
    model = Model(("127.0.0.1", outside.MODEL_PORT), places.canaries.values()).start()
    places.plant(chosen, copied)
    if spec.get("hostile"):
        _plant_hostile(places, spec["agent"])
    start = [spec["launcher"], spec["agent"]] if spec.get("launcher") else [program]
    deadline = began + spec.get("seconds", SECONDS)
    refused, done, about = [], [], {"mode": None}
    for mode in modes:
        argv = start + agent["command"] + agent["modes"][mode] + agent.get("last", [])
        sessions = Sessions(
            places,
            model,
            heard,
            places.fill(argv),
            places.environment(program),
            deadline,
            bool(spec.get("launcher")),
        )
        try:
            sessions.run(chosen)
        except NotStarted as said:
            refused.append({"mode": mode, "said": str(said)[-500:]})
            continue
        done = [sessions.outcomes[row[0]] for row in chosen]
        about = {"mode": mode, "sessions": sessions.started, "tools": sorted(sessions.tools)}
        honest = [one for one in done if one["kind"] == "task"]
        about["alive"] = _all_passed(sessions.controls)
        about["counts"] = about["alive"] and _all_passed(honest)
        break
    leaked = {row[3][1] for row in chosen if row[3][0] == "leak" and _leaked(row, done)}
    seen = {name for name, canary in places.canaries.items() if canary in model.seen}
    return {
        "ok": True,
        "agent": spec["agent"],
        "program": program,
        "user": spec["user"],
        "hostile": bool(spec.get("hostile")),
        "launcher": spec.get("launcher"),
        "alive": False,
        "counts": False,
        "refused": refused,
        "rows": done,
        "elsewhere": sorted(seen - leaked),
        "strange": sorted(model.strange),
        "seconds": round(time.monotonic() - began, 1),
        **about,
    }


def _known(spec):
    agent = agents.AGENTS.get(spec["agent"])
    if not agent:
        raise Problem("no trial knows the agent %s" % spec["agent"])
    try:
        return agent, pwd.getpwnam(spec["user"])
    except KeyError:
        raise Problem("no user %s" % spec["user"]) from None


def _chosen(ids):
    found = list(all_rows.rows())
    if ids is None:
        return found
    unknown = set(ids) - {row[0] for row in found}
    if unknown:
        raise Problem("no such row: %s" % ", ".join(sorted(unknown)))
    return [row for row in found if row[0] in ids or row[1] == "task"]


def _of_the_user(spec, hand, agent, account):
    """(program, the same without links, the user's settings), seen before the home is covered."""
    program = spec["program"]
    real = hand("real", path=program)
    if not real:
        raise Problem("%s does not exist for %s" % (program, spec["user"]))
    texts = {name: hand("read", path="%s/%s" % (account.pw_dir, name)) for name in agent["copied"]}
    return (
        program,
        real,
        {"@home@/" + name: text for name, text in texts.items() if text is not None},
    )


def _plant_hostile(places, agent):
    for path, content in hostile.FILES[agent].items():
        text = content if isinstance(content, str) else json.dumps(content, indent=1)
        places.hand("write", path=places.fill(path), text=places.fill(text), mode=0o644)


def _all_passed(results):
    return all(one["outcome"] == verdict.PASSED for one in results)


def _leaked(row, done):
    return any(one["id"] == row[0] and one["outcome"] == verdict.LEAKED for one in done)


def _modes(agent, first):
    """The mode asked for, and those after it: less permissive."""
    names = list(agent["modes"])
    if first not in names:
        raise Problem("no such mode: %s; there are %s" % (first, ", ".join(names)))
    return names[names.index(first) :]
