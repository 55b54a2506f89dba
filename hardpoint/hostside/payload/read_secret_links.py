"""Names inside projects that lead to a secret: hard links, by the inode's identity, and symbolic links."""

import os
import pwd
import time

from . import homes, prefixes, project_links, projects, secret_files, userio
from .errors import Refusal
from .protected import Names

SECONDS = 16  # for all homes; one read may take 20
OF_ONE = 8
MOST = 200  # links of one home that are told


def read(request):
    """{links: [{user, project, path, secret, kind: hard | symbolic}], projects: {user: count}, limits}.

    `request["protected"]` is {home, project, exempt, system: [patterns]} (see protected.py);
    `request["roots"]` are folders with projects besides those below the homes. User is None for a root
    that is root's.
    """
    patterns, roots = request["protected"], request["roots"]
    secrets, limits = homes.look(_secrets_of, patterns["home"])
    places, twins, _ = secret_files.below("/", [path.lstrip("/") for path in patterns["system"]])
    for place, inodes in secrets:
        places += place
        twins += inodes
    until = time.monotonic() + SECONDS
    seen, unseen = homes.look(_links_of, places, twins, patterns, until)
    for root in roots:
        _in_root(root, places, twins, patterns, until, seen, unseen)
    counts = {}
    for user, count, _ in seen:
        counts[user or "system"] = counts.get(user or "system", 0) + count
    links = [link for _, _, found in seen for link in found]
    limits += [limit for limit in unseen if limit not in limits]
    return {"links": links, "projects": counts, "limits": limits}


def _secrets_of(name, patterns):
    home = pwd.getpwnam(name).pw_dir
    places, twins, more = secret_files.below(home, patterns)
    if not more:
        return [[places, twins]], []
    reason = "%s has more than %d protected files" % (home, secret_files.MOST)
    return [[places, twins]], [{"subject": name, "reason": reason}]


def _links_of(name, places, twins, patterns, until):
    home = pwd.getpwnam(name).pw_dir
    folders, more = projects.below([home])
    inside = [folder for folder in folders if folder != home]  # a home that is a repository itself
    row, limits = _search(name, inside, places, twins, patterns, until)
    if more:
        reason = "%s has too many folders to find all projects" % home
        limits.append({"subject": name, "reason": reason})
    return [row], limits


def _in_root(root, places, twins, patterns, until, seen, unseen):
    owner = prefixes.home_of(root) or prefixes.owner(root)
    try:
        if os.path.isdir(root):
            row, limits = userio.as_user(owner, _below, owner, root, places, twins, patterns, until)
            seen.append(row)
            unseen += limits
    except Refusal as problem:
        unseen.append({"subject": owner or "system", "reason": problem.about(root)})


def _below(owner, root, places, twins, patterns, until):
    folders, more = projects.below([root])
    row, limits = _search(owner, folders or [root], places, twins, patterns, until)
    if more:
        reason = "%s has too many folders to find all projects" % root
        limits.append({"subject": owner or "system", "reason": reason})
    return row, limits


def _search(user, folders, places, twins, patterns, until):
    """([user, how many projects, links], limits) of these projects."""
    until = min(until, time.monotonic() + OF_ONE)
    outermost = [one for one in folders if not any(one.startswith(top + "/") for top in folders)]
    names = Names(patterns["project"], patterns["exempt"])
    search = project_links.Search(outermost, places, twins, names, until)
    links = [{"user": user, **link} for link in search.links()]
    limits = []
    if search.late:
        reason = "there was no time to look for links in all projects: %s" % search.late
        limits.append({"subject": user or "system", "reason": reason})
    if len(links) > MOST:
        reason = "%d more links to secrets are not told" % (len(links) - MOST)
        limits.append({"subject": user or "system", "reason": reason})
    return [user, len(outermost), links[:MOST]], limits
