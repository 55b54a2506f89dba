"""State of some units of the system manager: what enabling and starting them would change."""

from . import units


def read(request):
    """{units: {name: {load, active, enabled, reload_needed}}}, in systemd's own words."""
    return {"units": {name: _state(name) for name in request["units"]}}


def _state(name):
    state = units.state(name, "system")
    return {
        **{field: state[field] for field in ("load", "active", "enabled")},
        "reload_needed": units.reload_needed(name),
    }
