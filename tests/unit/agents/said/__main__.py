from hardpoint.controls.agents.languages import languages
from tests.unit.agents.said import AGENTS, path, text

for one in languages():
    if one.agent in AGENTS:
        path(one.agent).write_text(text(one))
