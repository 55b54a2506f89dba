"""Mistakes in the services catalogue stop the import, each with its own words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from hardpoint.control import DuplicateControl, Registry
from hardpoint.controls.services import catalogue

Break = Callable[[dict[str, Any]], None]


def _ollama(**changes: Any) -> Break:
    return lambda content: content.update(changes)


def _control(**changes: Any) -> Break:
    return lambda content: content["controls"][0].update(changes)


def _variable(**changes: Any) -> Break:
    return lambda content: content["controls"][0]["variable"].update(changes)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (_control(colour="red"), "controls.0.colour"),
        (_ollama(colour="red"), "colour"),
        (_variable(colour="red"), "controls.0.variable.colour"),
        (_variable(rule="bind"), "no rule is called 'bind'; there are ["),
        (_control(kind="loop"), "no kind is called 'loop'"),
        (_control(severity="awful"), "controls.0.severity"),
        (_control(id="Ollama Loopback"), "controls.0.id"),
        (_ollama(port="many"), "port"),
        (_ollama(start=None), "start"),
        (lambda content: content["controls"][0].pop("risk"), "controls.0.risk"),
    ],
)
def test_a_wrong_row(broken: Break, said: str) -> None:
    content = yaml.safe_load(catalogue.texts()["ollama"])
    broken(content)
    with pytest.raises(ValueError) as mistake:
        catalogue.controls({"ollama": yaml.safe_dump(content)})
    assert "ollama.yaml: " in str(mistake.value)
    assert said in str(mistake.value)


def test_two_controls_of_one_name() -> None:
    content = yaml.safe_load(catalogue.texts()["ollama"])
    content["controls"].append(content["controls"][0])
    with pytest.raises(DuplicateControl, match="two controls are called 'ollama-loopback'"):
        Registry(catalogue.controls({"ollama": yaml.safe_dump(content)}))


def test_what_we_ship() -> None:
    controls = {control.id: control for control in catalogue.load()}
    assert controls["ollama-loopback"].knobs.variable.clients
    assert not controls["lm-studio-loopback"].knobs.variable.clients
    for control in controls.values():
        assert all("@" in str(m) or ":" in str(m) for m in control.metadata.mappings)
    assert [one.id for one in catalogue.services()] == sorted(catalogue.texts())
