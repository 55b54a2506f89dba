"""What our parser says of tricky units is what systemd gives to a real process."""

from __future__ import annotations

import json

import pytest

from tests.unit.services.units import CASES

pytestmark = pytest.mark.lab

HEAD = "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'cat /proc/self/environ > /run/seen/%%N'\n"
SEEN = """import json, os
print(json.dumps({name: dict(pair.split("=", 1) for pair in
    open("/run/seen/" + name, newline="").read().split("\\0") if pair[:2] in ("V=", "W="))
    for name in os.listdir("/run/seen")}))"""


@pytest.mark.parametrize("distro", ["debian12", "debian13"])
def test_a_real_process_has_what_our_parser_says(distro: str, boot) -> None:
    host = boot(distro, layers=("ollama", "lmstudio"))
    files = {}
    for case in CASES:
        folder = f"/srv/{case.name}"
        unit = (HEAD.replace("%%", "%") + case.unit).replace("@DIR@", folder)
        files[f"/etc/systemd/system/{case.name}.service"] = unit
        files |= {f"{folder}/{name}": text for name, text in case.files.items()}
    put = """import json, os, sys
for path, text in json.load(sys.stdin).items():
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "w", newline="").write(text)"""
    host.run(["python3", "-c", put], input=json.dumps(files))
    units = " ".join(f"{case.name}.service" for case in CASES)
    host.run(f"mkdir /run/seen; systemctl daemon-reload; systemctl start {units}")
    seen = json.loads(host.run(["python3", "-c", SEEN]).stdout)
    assert seen == {case.name: case.expect for case in CASES}
