"""Phases of one process: each has a State of its own, and no host's trouble is another's."""

from __future__ import annotations

import gevent
import pytest
from pyinfra.api import Inventory
from pyinfra.api.host import Host
from pyinfra.context import ctx_host, ctx_state

from hardpoint.session import Session, enter


@pytest.fixture
def session() -> Session:
    loaded = Inventory((["@local"], {}))
    return Session(loaded, list(loaded))


def test_a_check_after_an_apply_never_executes(session: Session) -> None:
    with pytest.raises(KeyError):
        with session.phase(executing=True) as applying:
            assert applying.is_executing and ctx_state.get() is applying
            raise KeyError("in the middle")
    assert not ctx_state.isset()
    with session.phase() as checking:
        assert checking is not applying
        assert not checking.is_executing and ctx_state.get() is checking
    assert not ctx_state.isset()


def test_a_host_keeps_its_context_and_its_mistake_to_itself(session: Session) -> None:

    def work(host: Host) -> str:
        enter(host, state)
        with pytest.raises(ValueError), ctx_host.use(host):
            raise ValueError("inside a block")
        gevent.sleep(0)
        assert ctx_host.get() is host
        raise RuntimeError("this host's own")

    with session.phase() as state:
        results = session.each(state, session.hosts, work)
    assert [str(result) for result in results.values()] == ["this host's own"]
    assert not ctx_host.isset()


def test_what_a_loop_left_behind_is_gone_in_the_next_phase(session: Session) -> None:
    (host,) = session.hosts

    def work(host: Host) -> None:
        for _ in host.loop([1, 2]):
            raise RuntimeError("in the loop")

    with session.phase() as state:
        session.each(state, [host], work)
        assert host.loop_position
    with session.phase():
        assert host.loop_position == []


def test_a_refused_password_is_remembered_across_phases(session: Session) -> None:
    (host,) = session.hosts
    for expected in ("", "the sudo password is wrong"):
        with session.phase() as state:

            def work(host: Host, expected: str = expected) -> None:
                assert host.connector.root_refused == expected
                host.connector.root_refused = "the sudo password is wrong"

            assert session.each(state, [host], work) == {"@local": None}
