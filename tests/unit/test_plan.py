"""The order of an apply, shared documents, and plans as files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hardpoint import plan
from hardpoint.control import Registry
from hardpoint.operations import Refused
from hardpoint.operations.document import Conflict, Document, Fragment, _wanted, merged
from hardpoint.operations.file import File
from hardpoint.operations.unit import Unit
from hardpoint.outcome import Change, HostReport, Outcome, Severity, Status
from tests.sample_controls import Sample

KNOWN = Registry([Sample("aa-two", requires=("zz-one",)), Sample("zz-one")])


def document(control: str, key: str, value: object, **rule: object) -> Document:
    fragment = Fragment(control, "alice", (key,), value, **rule)  # type: ignore[arg-type]
    return Document("/home/alice/s.json", "alice", "json", (fragment,))


def unit(name: str) -> Unit:
    return Unit(name, "system", (), (name,), ())


def test_requirements_first_and_services_after_all_files() -> None:
    desired = {
        ("aa-two", "system"): [File("/etc/two", ""), unit("two.service")],
        ("zz-one", "system"): [unit("one.service"), File("/etc/one", "")],
    }
    places = [
        getattr(step.desired, "path", getattr(step.desired, "unit", ""))
        for step in plan.steps(desired, KNOWN)
    ]
    assert places == ["/etc/one", "/etc/two", "one.service", "two.service"]


def test_a_document_is_written_once_for_all_its_owners() -> None:
    desired = {
        ("aa-two", "alice"): [document("aa-two", "x", 1)],
        ("zz-one", "alice"): [document("zz-one", "y", 2)],
    }
    (step,) = plan.steps(desired, KNOWN)
    assert step.owners == (("zz-one", "alice"), ("aa-two", "alice"))
    assert [f.key for f in step.desired.fragments] == [("y",), ("x",)]  # type: ignore[attr-defined]


def test_lists_are_joined_and_the_stricter_value_wins() -> None:
    order = ("deny", "ask", "allow")
    fragments = [
        Fragment("a", "alice", ("deny",), ["x"], "union"),
        Fragment("b", "alice", ("deny",), ["y", "x"], "union"),
        Fragment("a", "alice", ("mode",), "ask", "stricter", order),
        Fragment("b", "alice", ("mode",), "deny", "stricter", order),
    ]
    assert {f.key[0]: f.value for f in merged(fragments)} == {"deny": ["x", "y"], "mode": "deny"}


def test_equal_values_are_no_conflict_and_others_are() -> None:
    same = [Fragment(c, "alice", ("k",), 1) for c in "ab"]
    assert len(merged(same)) == 1
    with pytest.raises(Conflict, match="a wants k = 1, b wants 2: skip one of them"):
        merged([Fragment("a", "alice", ("k",), 1), Fragment("b", "alice", ("k",), 2)])


def test_conflicts_name_both_controls_and_nobody_else() -> None:
    desired = {
        ("a", "alice"): [document("a", "k", 1)],
        ("b", "alice"): [document("b", "k", 2)],
        ("c", "alice"): [document("c", "other", 3)],
    }
    assert set(plan.conflicts(desired)) == {("a", "alice"), ("b", "alice")}


def report(*changes: Change, status: Status = Status.DRIFT) -> HostReport:
    outcome = Outcome("h", "c", "system", status, Severity.LOW, changes=list(changes))
    return HostReport("h", outcomes=[outcome])


CREATE = Change("create /etc/x", "/etc/x", "absent", "abc")


def test_a_plan_survives_its_file_and_sees_a_host_that_moved(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    plan.to_file(path, "recommended", [report(CREATE), HostReport("gone", unreachable="asleep")])
    reviewed = plan.from_file(path)
    assert list(reviewed) == ["h"]
    assert plan.moved(reviewed["h"], report(CREATE)) == []
    other = Change("replace /etc/x", "/etc/x", "def 0644", "abc")
    differences = plan.moved(reviewed["h"], report(other))
    assert [line.split(":")[0] for line in differences] == ["now also", "no longer"]


def test_compliant_outcomes_are_not_in_a_plan() -> None:
    assert plan.changes_of(report(CREATE, status=Status.COMPLIANT)) == []


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"schema_version": 99, "hosts": {}}', '{"schema_version": 1}']
)
def test_what_is_no_plan_is_said_so(tmp_path: Path, content: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(content)
    with pytest.raises(plan.PlanError, match=re_escape(str(path))):
        plan.from_file(path)


def test_a_plan_for_hosts_of_another_shape_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({"schema_version": 1, "hosts": ["h"]}))
    with pytest.raises(plan.PlanError, match="names no hosts"):
        plan.from_file(path)


def re_escape(text: str) -> str:
    import re

    return re.escape(text)


def test_a_list_that_was_read_without_its_passwords_is_not_written_back() -> None:
    fragment = Fragment("a", "alice", ("servers",), ["x"], "union")
    assert _wanted(fragment, {"value": ["y"]}) == ["y", "x"]
    with pytest.raises(Refused, match="servers holds an address with a password"):
        _wanted(fragment, {"value": ["http://redacted@h/"]})
