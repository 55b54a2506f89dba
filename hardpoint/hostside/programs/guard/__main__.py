"""The guard: reads one tool call of a coding agent as JSON, answers in that agent's language.

    python3 -I -S -B /usr/local/lib/hardpoint/guard AGENT < event

Allows with exit status 0; refuses with 2 and the reason on stderr. Whatever goes wrong refuses, too.
It is a second layer: the sandbox is the first.
"""

import os
import sys

LARGEST = 4 * 1024 * 1024
"""Bytes of an event. No honest tool call is longer."""


def main(arguments):
    agent = arguments[0] if arguments else ""
    event = {
        "agent": agent,
        "kind": "tool",
        "tool": "",
        "decision": "deny",
        "reason": "",
        "detail": "",
        "by": "guard",
    }
    try:
        reason = decided(agent, event)
    except RecursionError:
        reason = "the call is nested too deeply to be judged"
    except Exception as error:  # whatever the mistake is, an unjudged call is a refused one
        event["kind"] = "error"
        reason = "the guard failed (%s), and refuses what it can't judge" % type(error).__name__
    from dialects import answer
    from tell import redacted, send

    event["decision"], event["reason"] = "deny" if reason else "allow", redacted(reason)
    send(event)
    out, told, status = answer(agent, reason)
    sys.stdout.write(out)
    sys.stderr.write(told + "\n" if told else "")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # nothing that is left to be tidied up may change the answer


def decided(agent, event):
    """Why the call on stdin is refused; "" if it is allowed. Fills the audit event."""
    import json

    import dialects
    import policy
    from judge import Denied, Judge
    from paths import Places
    from tell import detail

    if agent not in dialects.DIALECTS:
        return "%r is no agent that the guard knows" % agent
    text = sys.stdin.buffer.read(LARGEST + 1)
    if len(text) > LARGEST:
        return "the tool call is too large to be judged"
    try:
        call = dialects.Call(agent, json.loads(text.decode("utf-8", "replace")))
    except (ValueError, dialects.NoEvent) as error:
        event["kind"] = "error"
        return "the agent's event can't be understood: %s" % error
    event.update(
        tool=call.tool[:100],
        session=call.session[:100],
        cwd=call.cwd,
        detail=detail(call.arguments),
    )
    try:
        rules = policy.load(agent)
    except policy.BadPolicy as error:
        event["kind"] = "error"
        return "%s can't be used: %s. Run hardpoint apply" % (policy.PATH, error)
    from call import judged

    try:
        judged(Judge(rules, Places(rules, call.cwd)), call.tool, call.arguments, call.cwd)
    except Denied as denied:
        return denied.reason
    return ""


if __name__ == "__main__":
    sys.setrecursionlimit(3000)
    main(sys.argv[1:])
