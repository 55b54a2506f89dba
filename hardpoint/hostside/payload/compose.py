"""Compose files: which services publish which ports, by their own lines, and nothing else of them.

Environments hold keys: only names, images, networks, profiles and ports leave these functions. Anchors,
merges (<<), `.env` and files that override others count; `extends` and `include` are noted, not followed.
Source: the Compose Specification (docs.docker.com/reference/compose-file).
"""

import os
import re

from . import container, published, scan_yaml, userio
from .errors import Refusal

NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
MOST_SERVICES, MOST_PORTS = 200, 100


def files_in(names):
    """The files of a folder with these names that `docker compose up` would read there; []: none."""
    base = next((name for name in NAMES if name in names), None)
    if base is None:
        return []
    stem = base.partition(".")[0]
    overrides = (stem + ".override" + end for end in (".yml", ".yaml"))
    return [base] + [name for name in overrides if name in names][:1]


def project(paths, folder):
    """({files, services, notes}, limits) of one project; called as the files' owner."""
    services, notes, limits = {}, [], []
    variables = published.environment_file(_text(os.path.join(folder, ".env")) or "")
    for path in paths:
        try:
            text = userio.read(path).decode("utf-8")
            root = scan_yaml.parse(text)
        except UnicodeDecodeError:
            limits.append("%s is not UTF-8" % path)
            continue
        except Refusal as problem:
            if problem.code != "missing":  # of a container that outlived its file
                limits.append(problem.about(path))
            continue
        if root.child("include") is not None:
            notes.append("%s includes other files, which are not followed" % path)
        _add(services, notes, _File(path, text, variables), root)
    return {"files": paths, "services": list(services.values()), "notes": notes}, limits


def _text(path):
    try:
        return userio.read(path).decode("utf-8", "replace")
    except Refusal:
        return None


class _File:
    """One file: its text, and the variables that its values may name."""

    def __init__(self, path, text, variables):
        self.path, self.text, self.variables = path, text, variables

    def line(self, node):
        return self.text.count("\n", 0, node.at) + 1

    def said(self, node):
        """A scalar as text, as it is written; None for what is none."""
        if node is None or node.kind != "value" or node.value is None or node.value is True:
            return None
        return container.text(str(node.value)) or None

    def value(self, node):
        said = self.said(node)
        return "" if said is None else container.text(published.interpolated(said, self.variables))


def _add(services, notes, file, root):
    """Merges a file's services into what the files before it said."""
    every, _ = _reached(root, "services")
    for name, node in (_members(every) if every else [])[:MOST_SERVICES]:
        node = _behind(node)
        if not container.text(name) or node is None or node.kind == "value":
            continue
        nothing = {"image": "", "network_mode": "", "profiles": []}
        row = services.setdefault(name, {"name": name, **nothing, "line": 0, "ports": []})
        for key in ("image", "network_mode"):
            child, _ = _reached(node, key)
            row[key] = file.value(child) or row[key]
            if key == "network_mode" and row[key] and child is not None:
                row["file"], row["line"] = file.path, file.line(child)
        profiles, _ = _reached(node, "profiles")
        if profiles is not None:
            row["profiles"] = [file.value(_behind(one)) for _, one in _members(profiles)]
        if _reached(node, "extends")[0] is not None:
            notes.append("%s: %s extends another service, not followed" % (file.path, name))
        _add_ports(row, file, node, name)


def _add_ports(row, file, service, name):
    listed, own = _reached(service, "ports")
    if listed is None or listed.kind not in ("list", "computed"):
        return
    own = own and not _is_anchored(file.text, listed)
    if file.text.startswith(("!reset", "!override"), listed.start):
        row["ports"] = []
        own = False
    for place, entry in _members(listed)[:MOST_PORTS]:
        node = _behind(entry)
        port = {
            "file": file.path,
            "line": file.line(entry),
            "key": ["services", name, "ports", place],
            "own": own and node is entry and not _is_anchored(file.text, entry),
            "said": file.said(node),
            "ports": [],
        }
        if node.kind == "value":
            port["ports"] = published.ports(file.value(node))
        elif node.kind == "map":
            port["ports"] = _long(file, node)
            port["key"].append("host_ip")
            port["own"] = port["own"] and _reached(node, "host_ip")[1]
        if port["ports"]:
            row["ports"].append(port)


def _long(file, node):
    said = {
        key: file.value(_reached(node, key)[0])
        for key in ("host_ip", "published", "target", "protocol")
    }
    text = "%(host_ip)s:%(published)s:%(target)s/%(protocol)s" % said
    return published.ports(text)


def _is_anchored(text, node):
    """Whether others may stand for the same value: an edit would change them too."""
    before = text[max(0, node.start - 100) : node.start]
    return text.startswith("&", node.start) or bool(re.search(r"&[^\s,\[\]{}]+[ \t]+\Z", before))


# --- the tree ----------------------------------------------------------------------------------------------


def _behind(node):
    """The node itself, or the one that an alias stands for."""
    return node.target if node.kind == "alias" else node


def _members(node):
    return [(name, child) for name, child in node.members or () if name != "<<"]


def _reached(node, name, depth=0):
    """(node or None, whether it stands here itself): by name, an alias or a merge."""
    child = node.child(name)
    if child is not None:
        return _behind(child), depth == 0 and child.kind != "alias"
    merged = node.child("<<")
    if merged is None or depth > 20:
        return None, True
    sources = [merged] if merged.kind != "list" else [one for _, one in merged.members]
    for source in sources:
        found, _ = _reached(_behind(source), name, depth + 1)
        if found is not None:
            return found, False
    return None, True
