"""The shape of a policy file, and what pydantic finds wrong with a value, in our words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from hardpoint.policy.problems import did_you_mean
from hardpoint.policy.source import Loc, Source

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Options = dict[str, dict[str, Any] | None]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OverrideShape(_Shape):
    """Options and skips of some hosts. Hosts and groups add up; the last match wins."""

    hosts: list[Text] = Field(default_factory=list)
    groups: list[Text] = Field(default_factory=list)
    options: Options = Field(default_factory=dict)
    skip: list[Text] = Field(default_factory=list)


class WaiverShape(_Shape):
    """A control that somebody answers for on some hosts, until and including a day."""

    control: Text
    owner: Text
    reason: Text
    expires: date
    hosts: list[Text] = Field(default_factory=list)
    groups: list[Text] = Field(default_factory=list)


class PolicyShape(_Shape):
    """A policy file."""

    profile: Text | None = None
    extends: Text | None = None
    options: Options = Field(default_factory=dict)
    skip: list[Text] = Field(default_factory=list)
    overrides: list[OverrideShape] = Field(default_factory=list)
    waivers: list[WaiverShape] = Field(default_factory=list)


_ITEMS = {"overrides": OverrideShape, "waivers": WaiverShape}


def validate(type_: Any, value: Any, source: Source, loc: Loc) -> Any:
    """The value as `type_`, or None with what is wrong noted in `source`.

    As strict as JSON: "1" is no number and 1 is no truth, but a list may become a tuple or a set,
    and a text a date, a path or an address.
    """
    try:
        return TypeAdapter(type_).validate_json(json.dumps(value, default=str), strict=True)
    except ValidationError as error:
        for where, message in _messages(error, source, loc):
            source.blame(where, message)
        return None


def _messages(error: ValidationError, source: Source, loc: Loc) -> Iterator[tuple[Loc, str]]:
    """One message a place: what each member of a union wants is joined by "or"."""
    located = [(_located(detail, source, loc), detail) for detail in error.errors()]
    for where, group in groupby(located, key=lambda pair: pair[0]):
        details = [detail for _, detail in group]
        if details[0]["type"] == "extra_forbidden":
            yield where, "unknown" + did_you_mean(str(where[-1]), _fields(where))
        elif details[0]["type"] == "missing":
            yield where, _missing(where)
        elif details[0].get("ctx") == {"min_length": 1}:
            yield where, "is empty"
        else:
            wanted = list(dict.fromkeys(_wanted(detail) for detail in details))
            yield where, f"must be {' or '.join(wanted)}{_but_is(details[-1]['input'])}"


def _located(detail: ErrorDetails, source: Source, loc: Loc) -> Loc:
    """The part of the error's path that is in the file; the rest names members of a union."""
    where = (*loc, *detail["loc"])
    if detail["type"] == "missing":
        return where
    while where and where not in source.places:
        where = where[:-1]
    return where


def _fields(where: Loc) -> list[str]:
    shape = _ITEMS.get(str(where[0]), PolicyShape) if len(where) > 1 else PolicyShape
    return list(shape.model_fields)


def _missing(where: Loc) -> str:
    examples = {
        ("waivers", "control"): "name the control that is waived",
        ("waivers", "owner"): "say who answers for it",
        ("waivers", "reason"): "say why",
        ("waivers", "expires"): "a waiver ends on a day, such as 2027-01-31",
    }
    example = examples.get((str(where[0]), str(where[-1])))
    return f"is missing; {example}" if example else "is missing"


_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list, such as [a, b]",
    "tuple_type": "a list, such as [a, b]",
    "set_type": "a list, such as [a, b]",
    "frozen_set_type": "a list, such as [a, b]",
    "dict_type": "a mapping, such as {{name: value}}",
    "model_type": "a mapping, such as {{name: value}}",
    "none_required": "null",
    "date_type": "a day, such as 2027-01-31",
    "date_parsing": "a day, such as 2027-01-31",
    "date_from_datetime_parsing": "a day, such as 2027-01-31",
    "string_too_short": "at least {min_length} long",
    "string_too_long": "at most {max_length} long",
    "string_pattern_mismatch": "text that matches {pattern}",
    "too_short": "at least {min_length} long",
    "too_long": "at most {max_length} long",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
}


def _wanted(detail: ErrorDetails) -> str:
    words = _WANTED.get(detail["type"])
    if words:
        return words.format(**detail.get("ctx", {}))
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return f"valid ({message.removeprefix('Input is not ')})"


def _but_is(value: Any) -> str:
    if isinstance(value, dict):
        return ", not a mapping"
    if isinstance(value, list):
        return ", not a list"
    return f", not {json.dumps(value, ensure_ascii=False)}"
