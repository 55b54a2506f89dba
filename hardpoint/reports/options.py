"""The options of a control in plain words."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from hardpoint.reports.text import value

_PLAIN = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "boolean": "true or false",
    "null": "null",
    "object": "mapping",
}

_FORMATS = {
    "date": "day",
    "ipv4": "IPv4 address",
    "ipv6": "IPv6 address",
    "ipv4network": "IPv4 network",
    "ipv6network": "IPv6 network",
}


def type_words(type_: Any) -> str:
    """An option's type as a person says it: `whole number from 1 to 65535`, `list of text`."""
    return _words(TypeAdapter(type_).json_schema())


def _words(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_words(each) for each in schema["anyOf"])
    if "const" in schema:
        return value(schema["const"])
    if "enum" in schema:
        return " or ".join(value(each) for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_words(schema.get('items', {}))}"
    if "format" in schema:
        return _FORMATS.get(schema["format"], schema["format"])
    return _PLAIN.get(schema.get("type", ""), "any value") + _range(schema)


def _range(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f" of at least {low}"
    return f" of at most {high}" if high is not None else ""
