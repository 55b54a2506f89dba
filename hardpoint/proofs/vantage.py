"""What a control asks of the places from which its host is looked at, and what follows from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import gevent

from hardpoint.outcome import Proof, ProofResult
from hardpoint.proofs.identify import Identity
from hardpoint.proofs.places import Ended, NoVantage, Place, Seen
from hardpoint.proofs.trials import Agent, Trials
from hardpoint.proofs.trials import judged as judged_trials

SSH_PORT = 22

Target = tuple[str, int]
Sightings = Mapping[Target, Seen]

_ANSWERS = {Ended.OPEN, Ended.RESET}


@dataclass
class Look:
    """What one place saw. `itself`: it is the very machine that was to be looked at."""

    place: str
    proof: Proof
    evidence: list[str]
    opened: list[tuple[Target, str]] = field(default_factory=list)
    itself: bool = False
    is_host: bool = False


class Vantage:
    """All places from which one host is looked at. `control_ports`: where it should answer;
    `passing`: addresses that it has only while we look; `trials`: of its agents, if they are wanted."""

    def __init__(
        self,
        places: Sequence[Place],
        control_ports: Sequence[int] = (SSH_PORT,),
        passing: Collection[str] = (),
        trials: Trials | None = None,
    ) -> None:
        self._places = places
        self._trials = trials
        self._control_ports = control_ports
        self._passing = passing

    def cannot_connect(
        self,
        addresses: Iterable[str],
        ports: Sequence[int],
        known: Mapping[int, Identity] | None = None,
    ) -> ProofResult:
        """Passed when no port is open on any address, each shown to be reachable from each place.

        A place that has no way to an address says nothing about it, as long as it can judge some
        other. `known` says how to tell what answers on a port.
        """
        targets = [(a, port) for a in addresses if a not in self._passing for port in ports]
        if not ports:
            return ProofResult(Proof.INCONCLUSIVE, ("it is not running: there is no port to try",))
        if not targets:
            return ProofResult(Proof.INCONCLUSIVE, ("the host has no address but loopback",))
        looks = [gevent.spawn(self._look, place, targets, known or {}) for place in self._places]
        gevent.joinall(looks, raise_error=True)
        return together([look.get() for look in looks])

    def tried(self, agents: Sequence[Agent], groups: Collection[str] = ()) -> ProofResult | None:
        """What came of the agents' trials, in attacks of these groups (none named: all)."""
        if not self._trials or not agents:
            return None
        return judged_trials(self._trials.of(agents), groups)

    def _look(self, place: Place, targets: Sequence[Target], known: Mapping[int, Identity]) -> Look:
        paths = {port: identity.path for port, identity in known.items()}
        try:
            seen = place.connect([(a, port, paths.get(port)) for a, port in targets])
            tried = dict(zip(targets, seen, strict=True))
            mute = [(a, port) for a in mute_addresses(tried) for port in self._control_ports]
            controls = place.connect([(a, port, None) for a, port in mute])
        except NoVantage as problem:
            evidence = [f"no look from there: {problem}"]
            return Look(place.name, Proof.INCONCLUSIVE, evidence, is_host=place.is_host)
        look = judged(place.name, tried, dict(zip(mute, controls, strict=True)), known)
        look.is_host = place.is_host
        return look


# Deciding


def mute_addresses(tried: Sightings) -> list[str]:
    """Addresses from which nothing came, although there is a way to them.

    A reset comes from the host itself and so shows that it can be reached. Silence, and what
    something on the way says, proves nothing: some other port has to answer.
    """
    return [
        address
        for address, ends in _by_address(tried).items()
        if not ends & _ANSWERS and ends not in ({Ended.OWN}, {Ended.NO_ROUTE})
    ]


def judged(
    place: str, tried: Sightings, controls: Sightings, known: Mapping[int, Identity]
) -> Look:
    """One place's verdict. `controls` are other ports of the addresses that were mute."""
    by_address = _by_address(tried)
    mute = mute_addresses(tried)
    heard = {address for (address, _), seen in controls.items() if seen.ended in _ANSWERS}
    itself = all(ends == {Ended.OWN} for ends in by_address.values())
    opened = [
        (target, _who_answers(known.get(target[1]), seen.answer))
        for target, seen in tried.items()
        if seen.ended is Ended.OPEN
    ]
    shown = [a for a, ends in by_address.items() if ends & _ANSWERS] + [
        a for a in mute if a in heard
    ]
    evidence = [*_said(tried, known), *(f"as a control, {line}" for line in _said(controls, {}))]
    if itself:
        evidence = ["it is this host itself, where a connect proves nothing"]
    elif not shown and not mute:
        evidence.append("no way to any address of the host: nothing could be tried")
    if opened:
        proof = Proof.FAILED
    elif shown and set(mute) <= heard:
        proof = Proof.PASSED
    else:
        proof = Proof.INCONCLUSIVE
    return Look(place, proof, evidence, opened, itself)


def together(looks: Sequence[Look]) -> ProofResult:
    """The verdict of all places: the worst of them.

    A host that was named to look from can't look at itself: the other hosts do that for it; where
    there is none, nobody has looked as it was asked for.
    """
    others = [look for look in looks if not look.itself]
    counted = others if any(look.is_host for look in others) else looks
    proofs = {look.proof for look in counted}
    return ProofResult(
        next(proof for proof in _WORST_FIRST if proof in proofs),
        tuple(f"from {look.place}: {line}" for look in looks for line in look.evidence),
        seen=tuple(_opened(looks)),
        vantages={look.place: look.proof for look in looks},
    )


_WORST_FIRST = (Proof.FAILED, Proof.INCONCLUSIVE, Proof.PASSED)


def _by_address(tried: Sightings) -> dict[str, set[Ended]]:
    found: dict[str, set[Ended]] = {}
    for (address, _), seen in tried.items():
        found.setdefault(address, set()).add(seen.ended)
    return found


# Words

_WORDS = {
    Ended.OPEN: "open",
    Ended.RESET: "closed (reset)",
    Ended.TIMEOUT: "silent (time-out)",
    Ended.PROHIBITED: "refused by a firewall (prohibited)",
    Ended.UNREACHABLE: "unreachable",
}
_NO_WORDS = {
    Ended.NO_ROUTE: "{} not routable from there",
    Ended.OWN: "{} an address of its own too",
}


def _said(sightings: Sightings, known: Mapping[int, Identity]) -> Iterator[str]:
    """One line for all ports and addresses of which the same is to be said."""
    lines: dict[tuple[str, tuple[int, ...]], list[str]] = {}
    nothing: dict[Ended, dict[str, None]] = {}
    for address in dict.fromkeys(address for address, _ in sightings):
        ports: dict[str, list[int]] = {}
        for port in (port for a, port in sightings if a == address):
            seen = sightings[address, port]
            if seen.ended in _NO_WORDS:
                nothing.setdefault(seen.ended, {})[address] = None
            else:
                who = _who_answers(known.get(port), seen.answer)
                tail = f" ({who} answers)" if seen.ended is Ended.OPEN and port in known else ""
                ports.setdefault(_WORDS[seen.ended] + tail, []).append(port)
        for words, theirs in ports.items():
            lines.setdefault((words, tuple(theirs)), []).append(address)
    for (words, alike), addresses in lines.items():
        noun = "port {} is" if len(alike) == 1 else "ports {} are"
        yield f"{noun.format(_listed(alike))} {words} on {_listed(addresses)}"
    for ended, there in nothing.items():
        yield _NO_WORDS[ended].format(f"{_listed(there)} {'is' if len(there) == 1 else 'are'}")


def _opened(looks: Iterable[Look]) -> Iterator[str]:
    """`Ollama 0.17.4 answers on 10.0.0.1:11434, tried from charlie`: once for each port."""
    groups: dict[tuple[str, int], tuple[dict[str, None], dict[str, None]]] = {}
    for look in looks:
        for (address, port), who in look.opened:
            where, places = groups.setdefault((who, port), ({}, {}))
            where[f"[{address}]:{port}" if ":" in address else f"{address}:{port}"] = None
            places[look.place] = None
    for (who, _), (where, places) in groups.items():
        yield f"{who} answers on {_listed(where)}, tried from {' and '.join(places)}"


def _who_answers(identity: Identity | None, answer: str | None) -> str:
    return (identity.named(answer) if identity else "") or "something"


def _listed(things: Iterable[object]) -> str:
    return ", ".join(map(str, things))
