"""What an agent's system-wide settings say for runs outside a sandbox only: not shown in here.

/etc/hardpoint/confined/AGENT.json: {document: what to take out of it, or folder or document: null}. A folder
is hidden whole where the agent would refuse its files, because root is not root in a sandbox; a document is
empty where all of it is about the agent's own sandbox.
"""

import json
import os
import re

from errors import Refused
from intent import only_roots

FOLDER = "/etc/hardpoint/confined"
_STRING = r'("(?:\\.|[^"\\])*")'
_COMMENT = re.compile(_STRING + r"|//[^\n]*|/\*.*?\*/", re.DOTALL)
_LAST_COMMA = re.compile(_STRING + r"|,(?=\s*[}\]])", re.DOTALL)


def of(agent, folder=FOLDER):
    """({document: its text in here}, [hidden folder]) of an agent's id; raises Refused."""
    path = os.path.join(folder, agent + ".json")
    if not os.path.lexists(path):
        return {}, []
    documents, hidden = {}, []
    for place, outside in _read(path).items():
        if outside is None and os.path.isdir(place):
            hidden.append(place)
        elif outside is None:
            documents.update({place: ""} if os.path.lexists(place) else {})
        elif os.path.lexists(place):
            documents[place] = json.dumps(without(_read(place), outside), indent=1) + "\n"
    return documents, hidden


def _read(path):
    try:
        only_roots(path)
        with open(path, encoding="utf-8") as file:
            plain = _COMMENT.sub(lambda one: one[1] or " ", file.read())
            found = json.loads(_LAST_COMMA.sub(lambda one: one[1] or "", plain))
    except (OSError, ValueError) as error:
        raise Refused("%s can't be used: %s" % (path, error)) from None
    if not isinstance(found, dict):
        raise Refused("%s can't be used: it is no JSON object" % path)
    return found


def without(document, outside):
    """A document less what stands in `outside`: items of lists, and values that are equal."""
    left = {}
    for key, value in document.items():
        gone = outside.get(key)
        if isinstance(value, dict) and isinstance(gone, dict):
            left[key] = without(value, gone)
        elif isinstance(value, list) and isinstance(gone, list):
            left[key] = [one for one in value if one not in gone]
        elif key not in outside or value != gone:
            left[key] = value
        if key in outside and left.get(key) in ({}, []):
            del left[key]
    return left
