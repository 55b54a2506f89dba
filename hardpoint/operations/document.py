"""A settings file that is the user's: single keys of it, parsed and written on the host.

One operation owns a document and writes it once a run; controls contribute fragments.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from pyinfra import host
from pyinfra.api import StringCommand, operation

from hardpoint import hostside
from hardpoint.facts import Read
from hardpoint.facts.settings import SettingState
from hardpoint.hostside.payload.formats import CRONTABS, LAUNCHERS, LINES
from hardpoint.hostside.payload.redact import SOMEBODY
from hardpoint.journal import Claim
from hardpoint.operations import Desired, Refused
from hardpoint.outcome import Change
from hardpoint.reading import reader_of

MergeRule = Literal["conflict", "union", "stricter"]


@dataclass(frozen=True)
class Fragment:
    """One key of a document, and whose it is.

    Merge rules: `union` joins lists, `stricter` takes the value that comes first in `order`,
    `conflict` refuses different values.
    """

    control: str
    subject: str
    key: tuple[str, ...]
    value: Any
    merge: MergeRule = "conflict"
    order: tuple[Any, ...] = ()


class Conflict(Exception):
    """Two controls want different values for one key; the policy has to decide."""

    def __init__(self, one: Fragment, two: Fragment) -> None:
        super().__init__(
            f"{one.control} wants {'.'.join(one.key)} = {one.value!r}, {two.control} wants "
            f"{two.value!r}: skip one of them in the policy"
        )
        self.fragments = (one, two)


@operation()
def document(
    path: str, user: str | None, format: str, fragments: tuple[Fragment, ...], claim: Claim
) -> Iterator[StringCommand]:
    """Sets keys of a settings file; all else in it stays byte for byte.

    + path: absolute
    + user: whose home it lies in; read and written as that user. None: a system file
    + format: json (comments allowed), toml, yaml, ini, python, environment, shell, fish, desktop,
      crontab or system-crontab
    + fragments: keys, values and the controls that want them
    """
    reader = reader_of(host)
    records = []
    for whole in merged(fragments):
        resource = _resource(path, user, format, whole.key)
        state = reader.read(SettingState, resource=resource)
        wanted = _wanted(whole, state)
        if _holds(state, wanted):
            continue
        name = (" " if format in LAUNCHERS else ".").join(whole.key)
        shown = str(wanted) if format in LINES else json.dumps(wanted)
        change = f"set {name} to {shown} in {path}"
        reader.announce(Change(change, path, _shown(state), repr(wanted)), [path])
        # Each control that wants the key claims it, so that one alone can be taken back.
        claiming = [fragment for fragment in fragments if fragment.key == whole.key]
        records += [_entry(fragment, resource, wanted) for fragment in claiming]
    if not records:
        host.noop(f"{path} has the wanted values")
        return
    common = {"run": claim.run, "who": claim.who}
    yield hostside.command({"do": "record", **common, "records": records})
    yield hostside.command({"do": "set", **common, "settings": records})


def _wanted(fragment: Fragment, state: dict[str, Any]) -> Any:
    """A person's own entries of a list stay."""
    if fragment.merge == "union" and isinstance(state.get("value"), list):
        present = state["value"]
        more = [item for item in fragment.value if item not in present]
        if more and SOMEBODY in json.dumps(present):
            name = ".".join(fragment.key)
            raise Refused(
                f"{name} holds an address with a password, which stays on the host: "
                f"add {json.dumps(more)} to it by hand"
            )
        return [*present, *more]
    return fragment.value


def _entry(fragment: Fragment, resource: dict[str, Any], wanted: Any) -> dict[str, Any]:
    return {
        "control": fragment.control,
        "subject": fragment.subject,
        "resource": resource,
        "value": wanted,
        "intended": {"value": wanted},
    }


def _resource(path: str, user: str | None, format: str, key: tuple[str, ...]) -> dict[str, Any]:
    if format in CRONTABS:  # even a user's lies in a folder that only cron's own programs may write
        user = None
    return {"type": "setting", "path": path, "user": user, "format": format, "key": list(key)}


def _holds(state: dict[str, Any], value: Any) -> bool:
    if "values" in state:
        return bool(state["values"]) and all(one == value for one in state["values"])
    return bool(state["present"]) and state["value"] == value


def _shown(state: dict[str, Any]) -> str:
    if not state["present"]:
        return "absent"
    return repr(state.get("values", state.get("value")))


def merged(fragments: Iterable[Fragment]) -> list[Fragment]:
    """One fragment a key. Raises Conflict where the rules leave two values."""
    chosen: dict[tuple[str, ...], Fragment] = {}
    for fragment in fragments:
        other = chosen.get(fragment.key)
        chosen[fragment.key] = fragment if other is None else _merge(other, fragment)
    return list(chosen.values())


def _merge(one: Fragment, two: Fragment) -> Fragment:
    if one.value == two.value:
        return one
    if one.merge == two.merge == "union":
        joined = [*one.value, *(item for item in two.value if item not in one.value)]
        return replace(one, value=joined)
    if one.merge == two.merge == "stricter" and one.order == two.order:
        return min(one, two, key=lambda fragment: one.order.index(fragment.value))
    raise Conflict(one, two)


@dataclass(frozen=True)
class Document(Desired):
    """Keys of one settings file."""

    operation = document

    path: str
    user: str | None
    format: str
    fragments: tuple[Fragment, ...]

    def reads(self) -> list[tuple[type[Read], dict[str, Any]]]:
        return [
            (SettingState, {"resource": _resource(self.path, self.user, self.format, fragment.key)})
            for fragment in self.fragments
        ]

    def joined(self, other: Document) -> Document:
        """Both documents' fragments, of the same file."""
        return replace(self, fragments=(*self.fragments, *other.fragments))
