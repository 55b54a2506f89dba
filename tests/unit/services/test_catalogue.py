"""Mistakes in the services catalogue stop the import, each with its own words."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest
import yaml

from hardpoint.control import DuplicateControl, Registry
from hardpoint.controls.services import catalogue

TEXT = resources.files(catalogue.__package__).joinpath("catalogue.yaml").read_text()
Break = Callable[[dict[str, Any]], None]


def _controls(**changes: Any) -> Break:
    return lambda content: content["controls"][0].update(changes)


def _ollama(**changes: Any) -> Break:
    return lambda content: content["services"]["ollama"].update(changes)


def _variable(**changes: Any) -> Break:
    return lambda content: content["controls"][0]["variable"].update(changes)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (_controls(colour="red"), "controls.0.colour"),
        (_ollama(colour="red"), "services.ollama.colour"),
        (_variable(colour="red"), "controls.0.variable.colour"),
        (_variable(rule="bind"), "no rule is called 'bind'; there are ['bind-with-port'"),
        (_controls(kind="loop"), "no kind is called 'loop'"),
        (_controls(service="olama"), "no service is called 'olama'; there are ["),
        (_controls(variable=None), "neither a variable nor keys"),
        (_controls(severity="awful"), "controls.0.severity"),
        (_controls(id="Ollama Loopback"), "controls.0.id"),
        (_ollama(port="many"), "services.ollama.port"),
        (_ollama(start=None), "services.ollama.start"),
        (lambda content: content["controls"][0].pop("risk"), "controls.0.risk"),
    ],
)
def test_a_wrong_row(broken: Break, said: str) -> None:
    content = yaml.safe_load(TEXT)
    broken(content)
    with pytest.raises(ValueError) as mistake:
        catalogue.parse(yaml.safe_dump(content))
    assert said in str(mistake.value)


def test_two_controls_of_one_name() -> None:
    content = yaml.safe_load(TEXT)
    content["controls"].append(content["controls"][0])
    with pytest.raises(DuplicateControl, match="two controls are called 'ollama-loopback'"):
        Registry(catalogue.parse(yaml.safe_dump(content)))


def test_what_we_ship() -> None:
    controls = {control.id: control for control in catalogue.load()}
    assert controls["ollama-loopback"].variable.clients
    assert not controls["lm-studio-loopback"].variable.clients
    for control in controls.values():
        assert all("@" in str(m) or ":" in str(m) for m in control.metadata.mappings)
