"""macOS: what launchd and an app's own switches give to a service. Fixture-tested only."""

from __future__ import annotations

from typing import Any

from hardpoint.facts import Read


class Launchd(Read):
    """{sessions: [{user, values: {name: value | None}}], jobs: [{user: None | "ann", path, label,
    name, value, how: environment | setenv}], switches: [{user, path, column, on}],
    apps: [{user: None | "ann", path}], limits}.

    Query: {"variables": [...], "apps": ["Ollama.app"], "switches": [{path, table, column}]}.
    Source: launchctl(1) getenv in each user's session, launchd.plist(5), the app's database.
    """

    what = "launchd"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"sessions": [], "jobs": [], "switches": [], "apps": [], "limits": []}
