"""A service does not answer the scripts of foreign web pages."""

from __future__ import annotations

from collections.abc import Iterator

from hardpoint.control import HOST_SUBJECT, HostView, Subject, Vantage
from hardpoint.controls.services.setting import ServiceSetting
from hardpoint.facts.sockets import CrossOrigin
from hardpoint.outcome import Finding, Proof, ProofResult

FOREIGN = "https://hardpoint.invalid"
"""An origin that nobody can own (RFC 6761)."""


class Origins(ServiceSetting):
    """A service whose allowed origins are a setting."""

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        opened = "is opened here" if subject == HOST_SUBJECT else f"{subject} opens"
        for cause in (*self.causes(host, subject), *self.running_causes(host, subject)):
            yield Finding(
                seen=f"any web page that {opened} can talk to {self.service.name}",
                who=self.metadata.risk,
                why=cause.text,
                fix=cause.fix,
            )

    def prove(self, vantage: Vantage, host: HostView, subject: Subject) -> ProofResult | None:
        """Asks the running service on its own loopback as a foreign page's script would."""
        ports = sorted({row["port"] for row in self.listeners(host)})
        if not ports:
            return ProofResult(Proof.INCONCLUSIVE, (f"{self.service.name} is not running",))
        evidence, worst = [], Proof.PASSED
        for port in ports:
            answer = host.read(CrossOrigin, port=port, path=self.service.identify, origin=FOREIGN)
            if not answer.get("status"):
                worst = Proof.INCONCLUSIVE if worst is Proof.PASSED else worst
                evidence.append(f"port {port}: no answer")
            elif answer["allow_origin"] in ("*", FOREIGN):
                worst = Proof.FAILED
                evidence.append(f"port {port}: allows {answer['allow_origin']} to read the answer")
            else:
                evidence.append(
                    f"port {port}: answered {answer['status']}, allows no foreign origin"
                )
        return ProofResult(worst, tuple(evidence))
