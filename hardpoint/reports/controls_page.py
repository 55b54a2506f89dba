"""docs/controls.md: every control, made from the metadata."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from hardpoint.control import Control, Metadata, Registry
from hardpoint.reports.explain import undo
from hardpoint.reports.options import type_words
from hardpoint.reports.text import number, value

_HEAD = """\
# Controls

Made from the controls' own metadata; edit that, not this page."""


def page(registry: Registry) -> str:
    """The page as Markdown, grouped by family; ends with a newline."""
    ordered = sorted(registry, key=lambda control: (control.metadata.family, control.id))
    sections = [f"{_HEAD} {number(len(ordered), 'control')}."]
    for family, members in groupby(ordered, key=lambda control: control.metadata.family):
        sections.append(f"## {family.capitalize()}")
        sections += [_control(member) for member in members]
    return "\n\n".join(sections) + "\n"


def _control(control: Control) -> str:
    return "\n\n".join(_parts(control.metadata))


def _parts(about: Metadata) -> Iterator[str]:
    yield f"### {about.id}"
    yield f"**{_inline(about.title)}** · {about.severity.value} · {', '.join(about.profiles)}"
    yield f"**Risk.** {_inline(about.risk)}"
    yield f"**Changes.** {_inline(about.changes)}"
    words, *command = undo(about)
    yield " ".join([f"**Undo.** {_inline(words)}", *(f"`{each}`" for each in command)])
    if about.options:
        yield "\n".join(_table(about))
    if about.requires:
        needed = ", ".join(f"[{name}](#{name})" for name in about.requires)
        yield f"**Requires.** {needed}"
    if about.aliases:
        yield f"**Older names.** {', '.join(about.aliases)}"
    if about.mappings:
        yield f"**Maps to.** {'; '.join(_mappings(about))}"
    if about.sources:
        yield "**Sources.** " + " · ".join(f"<{source}>" for source in about.sources)


def _table(about: Metadata) -> Iterator[str]:
    yield "| option | type | default | meaning |"
    yield "|---|---|---|---|"
    for name, option in about.options.items():
        cells = (f"`{name}`", type_words(option.type), f"`{value(option.default)}`", option.help)
        yield "| " + " | ".join(_inline(cell).replace("|", "\\|") for cell in cells) + " |"


def _mappings(about: Metadata) -> Iterator[str]:
    """The ids of each framework together: `OWASP LLM Top 10 LLM06:2026`."""
    by_framework: dict[str, list[str]] = {}
    for reference in about.mappings:
        by_framework.setdefault(reference.framework, []).append(reference.id)
    for framework, ids in by_framework.items():
        yield f"{framework} {', '.join(ids)}"


def _inline(text: str) -> str:
    """Prose on one line, with nothing that Markdown would take for HTML."""
    return " ".join(text.split()).replace("<", "&lt;")
