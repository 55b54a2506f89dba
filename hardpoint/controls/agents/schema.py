"""The shape of an agent's file in rows/: an unknown key or a wrong type is an error."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Version = Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)+$")]
Place = Annotated[str, StringConstraints(pattern=r"^[^~\x00-\x1f]{1,200}$")]


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tested(Row):
    """Versions whose settings were tried: from the first, below the second."""

    since: Version
    below: Version


class Launch(Row):
    """What the agent needs where it is confined, and what it obeys.

    `provider`: hosts of its models and its login; `state`: what it writes below a home; `settings`: what it
    obeys of that, and must not write; `copied`: folders of a project that it insists on writing to, and
    gets a copy of; `environment`: variables that it needs, * for any text.
    `own_sandbox`: its own sandbox holds; others may start only in ours.
    """

    program: str
    provider: list[str]
    state: list[Place]
    settings: list[Place]
    copied: list[Place] = []
    environment: list[str]
    own_sandbox: bool = False


class AgentRow(Row):
    """A file of the catalogue; its name is the agent's id.

    `programs`: its commands, but for names that other programs have as well; `packages`: of npm;
    `python`: of PyPI. `places`: where installers of its own put it, below a home or absolute, `*` and
    `{version}` for a part of a name. `mark`: bytes near the end of its program that stand before the
    version. `tested`: none for an agent that is only told.
    """

    name: str
    programs: list[str] = []
    packages: list[str] = []
    python: list[str] = []
    places: list[Place] = []
    mark: str = ""
    tested: Tested | None = None
    launch: Launch | None = None
