"""Requests write, remove, set, drop, unit, package and launchd: changes of what this run has recorded.

Each writes "doing" before and "done" after, so that a host that dies in the middle can be put back.
"""

import base64
import binascii
import contextlib
import grp
import json
import pwd
import re

from . import launchd, lease, packages, resources, settings, units, userio
from .errors import Refusal
from .journal import claimant, intention, who_of
from .layers import of_run
from .store import Store, check_run, digest


@contextlib.contextmanager
def _run(request, places):
    run, store = check_run(request.get("run")), Store(places)
    if not store.exists(run):
        raise Refusal("not-recorded", "run %s has recorded nothing on this host" % run)
    begun = store.events(run)
    if any(event["event"] == "close" for event in begun):
        raise Refusal("closed", "run %s has ended: begin a new one" % run)
    with lease.hold(places, run, who_of({"who": request.get("who") or begun[0].get("who")})):
        store.demand_space()
        yield store, run


def _layer(layers, one, request, resource):
    """The newest live record of this control for the resource; Refusal "not-recorded"."""
    control, subject = claimant(one, request)
    identity = resources.identity(resource)
    for layer in reversed(layers):
        if layer.live and (layer.control, layer.subject, layer.identity) == (
            control,
            subject,
            identity,
        ):
            return layer
    label = resources.label(resource)
    raise Refusal(
        "not-recorded",
        "%s has no record of %s in this run: record it before a change" % (control, label),
    )


def _resource(request, kind):
    resource = resources.check(request.get("resource"))
    if resource["type"] != kind:
        raise Refusal("bad-request", "this request is for a %s" % kind)
    return resource


def stage(request, places):
    """{"run", "content_b64"} -> {"part": its sha256}: a part of a content that is too long for one request."""
    content = _bytes(request.get("content_b64"))
    with _run(request, places) as (store, run):
        store.put_blobs(run, {digest(content): content})
    return {"part": digest(content)}


def write(request, places):
    """{"run", "control", "subject", "resource": file, "content_b64" or "parts": [sha256 of staged parts],
    "mode", "owner"} -> {"changed", "after"}"""
    resource = _resource(request, "file")
    parts = request.get("parts")
    content = _bytes(request.get("content_b64")) if parts is None else None
    mode, owner = _mode(request.get("mode")), _owner(request.get("owner"), resource["user"])
    with _run(request, places) as (store, run):
        if content is None:
            content = b"".join(store.get_blob(run, part) for part in parts)
        layer = _layer(of_run(store, run), request, request, resource)
        now = resources.observe([resource], store.seal)[0].state
        meant = {
            "kind": "regular",
            "sha256": digest(content),
            **({"mode": "%04o" % mode} if mode is not None else {}),
        }
        meant.update({"uid": owner[0], "gid": owner[1]} if owner else {})
        changed = not resources.same(now, meant)
        if changed:
            store.append(run, {"event": "doing", "n": layer.n, "state": meant})
            userio.as_user(resource["user"], userio.replace, resource["path"], content, mode, owner)
            now = resources.observe([resource], store.seal)[0].state
        store.append(run, {"event": "done", "n": layer.n, "after": now})
    return {"changed": changed, "after": resources.describe(now)}


def _bytes(text):
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, binascii.Error, ValueError):
        raise Refusal("bad-request", "content_b64 is not base64") from None


def _mode(text):
    if text is None:
        return None
    if not isinstance(text, str) or not re.fullmatch(r"0?[0-7]{3,4}", text):
        raise Refusal("bad-request", 'a mode is written like "0644"')
    return int(text, 8)


def _owner(text, user):
    if text is None:
        return None
    try:
        name, group = text.split(":")
        owner = (pwd.getpwnam(name).pw_uid, grp.getgrnam(group).gr_gid)
    except (AttributeError, ValueError, KeyError):
        raise Refusal(
            "bad-request", 'an owner is written like "root:root", with names of this host'
        ) from None
    if user is not None:
        raise Refusal("bad-request", "the files of a user belong to that user: no owner")
    return owner


def remove(request, places):
    """{"run", "control", "subject", "resource": file} -> {"changed"}"""
    resource = _resource(request, "file")
    with _run(request, places) as (store, run):
        layer = _layer(of_run(store, run), request, request, resource)
        changed = resources.observe([resource], store.seal)[0].state["kind"] != "absent"
        store.append(run, {"event": "doing", "n": layer.n, "state": {"kind": "absent"}})
        userio.as_user(resource["user"], userio.remove, resource["path"])
        store.append(run, {"event": "done", "n": layer.n, "after": {"kind": "absent"}})
    return {"changed": changed}


def put(request, places):
    """{"run", "control", "subject", "resource": setting, "value", "mode"} or {"run", "mode", "settings":
    [{"control", "subject", "resource", "value" or "absent": true}]}, all in one file, written once
    -> {"changed", "settings": [{"control", "subject", "changed"}]}. "mode" is for a file that is new."""
    return _edit(request, places, request.get("settings") or [request])


def drop(request, places):
    """Like set, without values: the keys go."""
    return _edit(
        request, places, [{**one, "absent": True} for one in request.get("settings") or [request]]
    )


def _edit(request, places, items):
    parts = [_resource(one, "setting") for one in items]
    path, user, style = (parts[0][name] for name in ("path", "user", "format"))
    if any((part["path"], part["user"], part["format"]) != (path, user, style) for part in parts):
        raise Refusal("bad-request", "the settings of one request are in one file")
    changes, meant = [], {}
    for one, part in zip(items, parts):
        if not one.get("absent") and "value" not in one:
            raise Refusal("bad-request", 'a setting has a "value", or "absent": true')
        key = {"key": part["key"]}
        changes.append(
            {"op": "drop", **key}
            if one.get("absent")
            else {"op": "put", **key, "value": one["value"]}
        )
        if meant.setdefault(resources.identity(part), changes[-1]) != changes[-1]:
            raise Refusal("bad-request", "two values for %s" % resources.label(part))
    with _run(request, places) as (store, run):
        layers = of_run(store, run)
        mine = [_layer(layers, one, request, part) for one, part in zip(items, parts)]
        store.append(run, *(
            {"event": "doing", "n": layer.n, "state": intention(part, one, store.seal)}
            for layer, part, one in zip(mine, parts, items)
        ))  # fmt: skip
        results = userio.as_user(
            user, settings.edit, path, style, changes, _mode(request.get("mode"))
        )
        events = []
        for layer, result in zip(mine, results):
            event = {
                "event": "done",
                "n": layer.n,
                "after": resources.setting_state(result, store.seal),
            }
            if result["undo"] is not None:
                content = json.dumps(result["undo"]).encode()
                store.put_blobs(run, {digest(content): content})
                event["undo"] = digest(content)
            events.append(event)
        store.append(run, *events)
    told = [
        {"control": layer.control, "subject": layer.subject, "changed": r["changed"]}
        for layer, r in zip(mine, results)
    ]
    return {"changed": any(result["changed"] for result in results), "settings": told}


def unit(request, places):
    """{"run", "control", "subject", "unit", "manager", "actions": [...]} -> {"after"}"""
    fields = {name: request[name] for name in ("unit", "manager") if name in request}
    resource = resources.check(request.get("resource") or {"type": "unit", **fields})
    actions = request.get("actions")
    if not isinstance(actions, list) or not actions or not set(actions) <= set(units.ACTIONS):
        raise Refusal("bad-request", "actions are some of %s" % ", ".join(units.ACTIONS))
    with _run(request, places) as (store, run):
        layer = _layer(of_run(store, run), request, request, resource)
        store.append(run, {"event": "doing", "n": layer.n, "actions": actions})
        units.act(resource["unit"], resource["manager"], actions)
        after = units.state(resource["unit"], resource["manager"])
        store.append(run, {"event": "done", "n": layer.n, "after": after, "actions": actions})
    return {"after": {name: after[name] for name in ("load", "enabled", "active")}}


def session(request, places):
    """{"run", "control", "subject", "resource": launchd, "value"} -> {"changed"}"""
    resource = _resource(request, "launchd")
    if not isinstance(request.get("value"), str):
        raise Refusal("bad-request", 'a session\'s variable has a "value"')
    with _run(request, places) as (store, run):
        layer = _layer(of_run(store, run), request, request, resource)
        meant = intention(resource, request, store.seal)
        now = resources.observe([resource], store.seal)[0].state
        changed = not resources.same(now, meant)
        if changed:
            store.append(run, {"event": "doing", "n": layer.n, "state": meant})
            launchd.put(resource["user"], resource["name"], request["value"])
            now = resources.observe([resource], store.seal)[0].state
        store.append(run, {"event": "done", "n": layer.n, "after": now})
    return {"changed": changed}


def package(request, places):
    """{"run", "control", "subject", "action": "install", "name"} -> {"changed", "installed": [names]}"""
    resource = resources.check(
        request.get("resource") or {"type": "package", "name": request.get("name")}
    )
    if request.get("action") != "install":
        raise Refusal("bad-request", "the action of a package is install")
    name = resource["name"]
    with _run(request, places) as (store, run):
        layer = _layer(of_run(store, run), request, request, resource)
        brought = []
        if packages.state(name)["status"] != "installed":
            planned = packages.plan(name)
            configured = [one for one in planned if packages.state(one)["status"] == "config-files"]
            before = packages.installed()
            aim = {"kind": "package", "status": "installed"}
            store.append(
                run,
                {
                    "event": "doing",
                    "n": layer.n,
                    "state": aim,
                    "planned": planned,
                    "configured": configured,
                },
            )
            packages.install(name)
            brought = sorted(packages.installed() - before)
        brought += [one for one in layer.installed or [] if one not in brought]
        store.append(
            run,
            {"event": "done", "n": layer.n, "after": packages.state(name), "installed": brought},
        )
    return {"changed": bool(brought), "installed": brought}
