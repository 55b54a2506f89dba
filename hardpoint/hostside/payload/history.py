"""Requests runs and claims: what the journal says. Reads: nothing is created."""

from .layers import every, of_run
from .store import Store


def runs(request, places):
    """{"runs": [{"id", "who", "began", "ended" or None, "entries", "controls", "state"}]}, newest first.

    state: applied, partly rolled back, rolled back, unfinished (a change was recorded and has no end)."""
    store = Store(places)
    found = []
    for run in reversed(store.runs()):
        events = store.events(run)
        layers = [layer for layer in of_run(store, run) if not layer.void]
        ended = [event["at"] for event in events if event["event"] == "close"]
        first = events[0] if events else {}
        found.append(
            {
                "id": run,
                "who": first.get("who"),
                "began": first.get("at"),
                "ended": ended[-1] if ended else None,
                "entries": len(layers),
                "controls": sorted({layer.control for layer in layers}),
                "state": _state(layers),
            }
        )
    return {"runs": found}


def _state(layers):
    statuses = {layer.status for layer in layers}
    if "open" in statuses:
        return "unfinished"
    if not statuses or statuses == {"applied"}:
        return "applied"
    return "partly rolled back" if "applied" in statuses else "rolled back"


def claims(request, places):
    """{"claims": [{"control", "subject", "resource", "run"}]}: applied and not rolled back, newest run of each."""
    found = {}
    for layer in every(Store(places)):
        if layer.status == "applied":
            found[layer.control, layer.subject, layer.identity] = layer
    fields = ("control", "subject", "resource", "run")
    return {"claims": [{name: getattr(layer, name) for name in fields} for layer in found.values()]}
