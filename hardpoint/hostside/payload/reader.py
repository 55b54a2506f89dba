"""The root-owned reader: answers reads of the catalogue, and nothing else, for a user who may run
it through sudo. Arguments are typed and compared with the catalogue; none of them reaches a shell."""

import json
import re
import sys

from .formats import LAUNCHERS, LINES
from .main import answer

_UNIT = re.compile(r"[A-Za-z0-9_.@-]{1,100}\.service")
_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,100}\.(service|timer)")
_PROGRAM = re.compile(
    r"(/[A-Za-z0-9_.+-]{1,100}){1,20}/hardpoint|/etc/hardpoint/[A-Za-z0-9_.-]{1,100}"
)
_OURS = re.compile(
    r"/etc/systemd/(system|user)/[A-Za-z0-9_.@-]{1,100}\.service\.d/zz-hardpoint-[A-Za-z0-9_.@-]{1,120}"
    r"|/Library/LaunchAgents/hardpoint\.[a-z0-9-]{1,80}\.plist"
)

_REVIEW = re.compile(
    r"/var/(?:lib|db)/hardpoint/agents/[A-Za-z0-9_][A-Za-z0-9_.@-]{0,100}\$?\.json"
)
_FOLDER = re.compile(r"(/[^/\x00-\x1f]{1,200}){1,20}")
_COMMANDS = ("programs", "flags")

_COMPOSE = re.compile(r"(?:/|~/)[^\x00-\x1f]{1,400}\.ya?ml")
# format: (path, key with line breaks between its names)
_PORTS = {
    "yaml": (_COMPOSE, r"services\n[^\n]{1,200}\nports\n[0-9]{1,4}(?:\nhost_ip)?"),
    "ini": (
        r"/[^\x00-\x1f]{1,400}\.(?:container|pod)(?:\.d/[^/]{1,200}\.conf)?",
        r"(?:Container|Pod)\nPublishPort\n[0-9]{1,4}",
    ),
}


def main(arguments, catalogue):
    """Answers the one request; exit status 0, 1 for a refusal."""
    try:
        (text,) = arguments
        request = json.loads(text)
    except ValueError:
        request = None
    if not isinstance(request, dict) or not permitted(request, catalogue):
        reply = {
            "ok": False,
            "error": "not-permitted",
            "message": "this is no read of the catalogue",
        }
    else:
        reply = answer(request)
    sys.stdout.write(json.dumps(reply) + "\n")
    return 0 if reply["ok"] else 1


def permitted(request, catalogue):
    """Whether the request is one that a check makes under this catalogue.

    catalogue: {variables, programs, flags: [names], services: [{id, path, ...}], documents: [...],
    files: [paths], agents: [{id, programs, ...}]}.
    """
    if request.get("do") == "many":
        parts = request.get("requests")
        return (
            set(request) == {"do", "requests"}
            and isinstance(parts, list)
            and all(isinstance(one, dict) and one.get("do") != "many" for one in parts)
            and all(permitted(one, catalogue) for one in parts)
        )
    if request.get("do") in ("claims", "runs"):
        return set(request) == {"do"}
    if request.get("do") != "read" or not isinstance(request.get("what"), str):
        return False
    arguments = {name: value for name, value in request.items() if name not in ("do", "what")}
    rule = _RULES.get(request["what"])
    return rule is not None and rule(arguments, catalogue)


def _nothing(arguments, catalogue):
    return not arguments


def _listeners(arguments, catalogue):
    """Its services; the policy may give another port to any."""
    services = arguments.get("services", [])
    known = [{**one, "port": 0} for one in catalogue["services"]]
    return (
        set(arguments) <= {"services"}
        and isinstance(services, list)
        and all(isinstance(one, dict) and _is_port(one.get("port")) for one in services)
        and all({**one, "port": 0} in known for one in services)
    )


def _is_port(value):
    return type(value) is int and 0 < value < 65536


def _units(arguments, catalogue):
    units, masked = arguments.get("units"), arguments.get("masked", [])
    return (
        {"units", "variables"} <= set(arguments) <= {"units", "variables", "masked", *_COMMANDS}
        and _are_texts(units)
        and all(_UNIT.fullmatch(unit) for unit in units)
        and all(_are_known(arguments, part, catalogue) for part in _COMMANDS)
        and _are_variables(arguments["variables"], catalogue)
        and _are_masked(masked, catalogue)
    )


def _assignments(arguments, catalogue):
    commands = arguments.get("commands")
    return (
        set(arguments) == {"variables", "masked", "commands"}
        and _are_variables(arguments["variables"], catalogue)
        and _are_masked(arguments["masked"], catalogue)
        and isinstance(commands, list)
        and all(isinstance(one, dict) and set(one) == {"programs", "flags"} for one in commands)
        and all(_are_known(one, name, catalogue) for one in commands for name in one)
    )


def _are_masked(value, catalogue):
    known = [*catalogue["variables"], *catalogue["flags"]]
    return _are_texts(value) and all(one in known for one in value)


def _are_known(arguments, name, catalogue):
    given = arguments.get(name, [])
    return _are_texts(given) and all(one in catalogue[name] for one in given)


def _command_line(arguments, catalogue):
    flags = arguments.get("flags")
    return (
        set(arguments) == {"unit", "scope", "path", "control", "programs", "flags", "add"}
        and all(isinstance(arguments[name], str) for name in ("unit", "scope", "path", "control"))
        and bool(_UNIT.fullmatch(arguments["unit"]) and _OURS.fullmatch(arguments["path"]))
        and bool(re.fullmatch(r"[a-z0-9-]{1,80}", arguments["control"]))
        and isinstance(flags, dict)
        and all(value is None or isinstance(value, str) for value in flags.values())
        and _are_known(arguments, "programs", catalogue)
        and _are_known({"flags": list(flags)}, "flags", catalogue)
        and isinstance(arguments["add"], bool)
    )


def _documents(arguments, catalogue):
    documents = arguments.get("documents")
    return (
        set(arguments) == {"documents"}
        and isinstance(documents, list)
        and all(document in catalogue["documents"] for document in documents)
    )


def _files(arguments, catalogue):
    paths = arguments.get("paths")
    return (
        set(arguments) == {"paths"}
        and _are_texts(paths)
        and all(
            path in catalogue["files"] or _OURS.fullmatch(path) or _REVIEW.fullmatch(path)
            for path in paths
        )
    )


def _trust(arguments, catalogue):
    paths = arguments.get("paths")
    return (
        set(arguments) == {"paths"}
        and _are_texts(paths)
        and all(_PROGRAM.fullmatch(path) or path in catalogue.get("trusted", []) for path in paths)
    )


def _unit_states(arguments, catalogue):
    units = arguments.get("units")
    return (
        set(arguments) == {"units"}
        and _are_texts(units)
        and all(_NAME.fullmatch(unit) for unit in units)
    )


def _launchd(arguments, catalogue):
    return (
        set(arguments) == {"variables", "apps", "switches"}
        and _are_variables(arguments["variables"], catalogue)
        and all(
            isinstance(arguments[part], list)
            and all(one in catalogue.get(part, []) for one in arguments[part])
            for part in ("apps", "switches")
        )
    )


def _audit(arguments, catalogue):
    """Its state and its numbers; not the commands of others."""
    since = arguments.get("since", 1)
    return set(arguments) <= {"since"} and type(since) is int and 0 < since <= 3650 * 24


def _setting(arguments, catalogue):
    resource = arguments.get("resource")
    if set(arguments) != {"resource"} or not isinstance(resource, dict):
        return False
    if set(resource) != {"type", "path", "user", "format", "key"} or not _are_texts(
        resource["key"]
    ):
        return False
    if _publishes(resource):
        return True
    if resource["format"] in LAUNCHERS and len(resource["key"]) == 2:
        program, flag = resource["key"]
        return program in catalogue["programs"] and flag in catalogue["flags"]
    if resource["format"] in LINES:
        return len(resource["key"]) == 1 and resource["key"][0] in catalogue["variables"]
    return any(_is_of(resource, document) for document in catalogue["documents"])


def _is_of(resource, document):
    """Whether a setting is one of a document's keys that may be seen."""
    path, wanted = str(resource["path"]), document["path"]
    if wanted.startswith("/"):
        there = path == wanted and resource["user"] is None
    elif wanted.startswith("{prefix}/"):
        there = path.endswith(wanted[len("{prefix}") :])
    else:
        there = path.endswith("/" + wanted) and isinstance(resource["user"], str)
    key = resource["key"]
    seen = key in document["keys"] and key not in document.get("masked", [])
    return there and seen and resource["format"] == document.get("format", "json")


def _publishes(resource):
    """Whether it is an entry of published ports, of a compose file or a Quadlet."""
    pattern = _PORTS.get(resource["format"])
    return (
        isinstance(resource["path"], str)
        and pattern is not None
        and bool(re.fullmatch(pattern[0], resource["path"]))
        and bool(re.fullmatch(pattern[1], "\n".join(resource["key"])))
        and (resource["user"] is None or isinstance(resource["user"], str))
    )


def _agents(arguments, catalogue):
    agents = arguments.get("agents")
    return (
        set(arguments) == {"agents"}
        and isinstance(agents, list)
        and all(one in catalogue.get("agents", []) for one in agents)
    )


def _agent_config(arguments, catalogue):
    return arguments == {"watched": catalogue.get("watched")}


def _agent_processes(arguments, catalogue):
    agents = arguments.get("agents")
    parts = ("id", "programs", "packages")
    known = [{part: row[part] for part in parts} for row in catalogue.get("agents", [])]
    return (
        set(arguments) == {"agents"}
        and isinstance(agents, list)
        and all(one in known for one in agents)
    )


def _secret_links(arguments, catalogue):
    """The policy of whoever checks says what is protected: any names, since no content is told."""
    protected, roots = arguments.get("protected"), arguments.get("roots")
    return (
        set(arguments) == {"protected", "roots"}
        and isinstance(protected, dict)
        and set(protected) == {"home", "project", "exempt", "system"}
        and all(_are_texts(one) for one in protected.values())
        and _are_texts(roots)
        and all(_FOLDER.fullmatch(one) for one in [*roots, *protected["system"]])
        and not any(
            ".." in one.split("/") for some in protected.values() for one in [*some, *roots]
        )
    )


def _only(argument, part):
    """The rule of a read whose one argument is a list of what the catalogue has in that part."""

    def rule(arguments, catalogue):
        names = arguments.get(argument)
        known = catalogue.get(part, [])
        return (
            set(arguments) == {argument}
            and _are_texts(names)
            and all(name in known for name in names)
        )

    return rule


def _container_files(arguments, catalogue):
    patterns = arguments.get("compose_files")
    return (
        set(arguments) == {"compose_files"}
        and _are_texts(patterns)
        and all(_COMPOSE.fullmatch(one) for one in patterns)
    )


def _are_texts(value):
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _are_variables(value, catalogue):
    return _are_texts(value) and all(name in catalogue["variables"] for name in value)


_RULES = {
    "host": _nothing,
    "listeners": _listeners,
    "units": _units,
    "assignments": _assignments,
    "documents": _documents,
    "containers": _nothing,
    "container_files": _container_files,
    "agents": _agents,
    "agent_processes": _agent_processes,
    "secret_links": _secret_links,
    "agent_config": _agent_config,
    "audit": _audit,
    "launchd": _launchd,
    "packages": _only("names", "packages"),
    "tools": _only("tools", "tools"),
    "files": _files,
    "setting": _setting,
    "command_line": _command_line,
    "trust": _trust,
    "unit_states": _unit_states,
}
