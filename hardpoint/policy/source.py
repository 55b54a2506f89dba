"""A policy file as text: read, parsed, and every value with the place where it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from hardpoint.policy.problems import Place, Problem

MAX_BYTES = 1_000_000

Loc = tuple[str | int, ...]


@dataclass
class Source:
    """The content of one file: plain data, and the place of each key and item in it."""

    file: str
    data: Any = None
    places: dict[Loc, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, loc: Loc) -> Place:
        """Where `loc` is written; for what is missing, where it should have been."""
        while loc and loc not in self.places:
            loc = loc[:-1]
        return self.places.get(loc, Place(self.file, 1, 1))

    def blame(self, loc: Loc, message: str) -> None:
        """Note a problem of the value at `loc`, which the message names by its keys."""
        name = dotted(loc)
        self.problems.append(Problem(self.place(loc), f"{name}: {message}" if name else message))


def dotted(loc: Loc) -> str:
    """`options.ollama-loopback.port`; the line already tells one item of a list from another."""
    return ".".join(step for step in loc if isinstance(step, str))


def read_source(path: Path, file: str) -> Source:
    """Read and parse a file that messages call `file`. What is wrong is in the `problems`."""
    source = Source(file)
    text = _read_text(path, source)
    if text is not None:
        _parse(text, source)
    return source


def _read_text(path: Path, source: Source) -> str | None:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return _unreadable(source, "no such file")
    except IsADirectoryError:
        return _unreadable(source, "this is a directory; name the policy file in it")
    except PermissionError:
        return _unreadable(source, "may not be read by you; check its owner and mode")
    except (OSError, ValueError) as error:
        return _unreadable(source, f"cannot be read: {getattr(error, 'strerror', None) or error}")
    if len(content) > MAX_BYTES:
        return _unreadable(source, f"is larger than {MAX_BYTES} bytes, so it is no policy")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _unreadable(source, "is not a text file (UTF-8)")
    return text


def _unreadable(source: Source, message: str) -> None:
    source.problems.append(Problem(Place(source.file), message))


def _parse(text: str, source: Source) -> None:
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is not None:
            source.data = _Reader(loader, source).value(node, ())
    except yaml.reader.ReaderError:
        _unreadable(source, "is not a text file: it has control characters")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(source.file, mark.line + 1, mark.column + 1) if mark else Place(source.file)
        source.problems.append(Problem(place, _in_plain_words(error)))
    except RecursionError:
        _unreadable(source, "is nested too deeply, or refers to itself")


def _in_plain_words(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or ""
    if problem.startswith("found character '\\t'"):
        return "a tab cannot indent YAML; use spaces"
    if problem.startswith("found character"):
        return f"a value cannot begin with {problem.split()[2]}; put it in quotes"
    if problem.startswith("mapping values are not allowed"):
        return "not valid YAML: a second `name:` where a value was expected; check the indentation"
    if problem.startswith("expected <block end>"):
        return "not valid YAML: does not fit the lines before it; check the indentation"
    if problem.endswith("found another document"):
        return "a second document (`---`); a policy is one"
    if problem.startswith("could not determine a constructor"):
        return f"the tag {problem.split()[-1]} means nothing here"
    return f"not valid YAML: {problem}; check the indentation, brackets and quotes"


class _Reader:
    """Makes plain data of YAML nodes. Keys stay the text that they are written as."""

    def __init__(self, loader: yaml.SafeLoader, source: Source) -> None:
        self.loader = loader
        self.source = source

    def value(self, node: yaml.Node, loc: Loc) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, loc)
        if isinstance(node, yaml.SequenceNode):
            return [self._item(item, (*loc, index)) for index, item in enumerate(node.value)]
        try:
            return self.loader.construct_object(node)
        except ValueError:  # a date like 2027-13-45: the schema says what is wrong with the text
            return node.value

    def _item(self, node: yaml.Node, loc: Loc) -> Any:
        self.source.places[loc] = self._place(node)
        return self.value(node, loc)

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            place = self._place(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self.source.problems.append(Problem(place, "a name must be text"))
                continue
            key = (*loc, key_node.value)
            if key_node.value in data:
                first = self.source.places[key].line
                message = f"{dotted(key)}: written twice; first in line {first}"
                self.source.problems.append(Problem(place, message))
                continue
            self.source.places[key] = place
            data[key_node.value] = self.value(value_node, key)
        return data

    def _place(self, node: yaml.Node) -> Place:
        mark = node.start_mark
        return Place(self.source.file, mark.line + 1, mark.column + 1)
