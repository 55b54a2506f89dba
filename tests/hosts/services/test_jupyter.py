"""The real JupyterLab: which of its files wins, and whether it asks for its token."""

from __future__ import annotations

import pytest

from hardpoint import hostside
from hardpoint.controls.services import catalogue
from tests.hosts.services.conftest import On
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host, Probe, services
from tests.lab.services import SERVICES

pytestmark = pytest.mark.lab

JUPYTER = SERVICES["jupyter"]
ANN = "/home/alice/.jupyter/jupyter_server_config"
SYSTEM = "/opt/jupyter/etc/jupyter/jupyter_server_config.json"
UNIT = """[Service]
User=alice
WorkingDirectory=~
ExecStart=/opt/jupyter/bin/jupyter lab --no-browser --ServerApp.token='' --ServerApp.password=''
"""


def started(host: Host) -> None:
    """As alice starts it, with no argument: only its files say where."""
    host.run("pkill -u alice -f jupyter-lab; sleep 1", check=False)
    host.run("setsid -f runuser -l alice -c 'jupyter lab --no-browser' </dev/null >/dev/null 2>&1")
    services.wait_until_it_answers(host, JUPYTER)


def status(host: Host, path: str) -> str:
    url = f"http://127.0.0.1:8888{path}"
    return host.run(f"curl -s -o /dev/null -w '%{{http_code}}' {url}").stdout


def test_which_file_wins_is_said_as_jupyter_does_it(boot, probe: Probe, on: On) -> None:
    host, control = boot(layers=("jupyter",)), "jupyter-loopback"
    host.write(f"{ANN}.py", "c = get_config()\nc.ServerApp.ip = '0.0.0.0'\n", "alice:alice")
    host.write(f"{ANN}.json", '{"ServerApp": {"ip": "127.0.0.1"}}', "alice:alice")
    started(host)
    assert probe.connect(host.address, 8888) == "reset"
    outcome = on(host, "check", "--control", control, status=2).outcome(control, "alice")
    (finding,) = outcome["findings"]
    assert (outcome["status"], finding["severity"]) == ("drift", "low")
    loser, winner = f'{ANN}.py:2 has ServerApp.ip: "0.0.0.0"', f"{ANN}.json:1 wins with"
    assert finding["why"] == f'{loser}, but {winner} ServerApp.ip: "127.0.0.1"'

    # The home wins over an environment that is not hers; alone, that one decides.
    host.write(SYSTEM, '{"ServerApp": {"ip": "0.0.0.0"}}\n')
    started(host)
    assert probe.connect(host.address, 8888) == "reset"
    only = ["--control", control]
    (finding,) = on(host, "check", *only, status=2).outcome(control)["findings"]
    assert finding["why"] == f'{SYSTEM}:1 has ServerApp.ip: "0.0.0.0"'
    host.run(f"rm {ANN}.json {ANN}.py")
    started(host)
    assert probe.connect(host.address, 8888) == "open"
    before = host.snapshot()
    (finding,) = on(host, "check", *only, status=2).outcome(control, "alice")["findings"]
    assert finding["exposed"]
    assert finding["why"].startswith(f'{SYSTEM}:1 has ServerApp.ip: "0.0.0.0"; started by hand: ')

    on(host, "apply", *only, status=2)  # its owner has to start it again
    started(host)
    assert probe.connect(host.address, 8888) == "reset"
    on(host, "check", *only, status=0)
    on(host, "prove", *only, status=0)
    on(host, "rollback", *only)
    assert SYSTEM not in touched(host, before, JOURNAL)


def test_an_empty_token_is_seen_by_what_is_answered(boot, on: On) -> None:
    host, control = boot(layers=("jupyter",)), "jupyter-authentication"
    host.write("/etc/systemd/system/notebook.service", UNIT)
    host.run("systemctl daemon-reload && systemctl start notebook")
    services.wait_until_it_answers(host, JUPYTER)
    assert status(host, "/api/status") == "200"
    (finding,) = on(host, "check", "--control", control, status=2).outcome(control)["findings"]
    assert finding["seen"] == "Jupyter on port 8888 answers without a credential"
    assert finding["why"] == "/etc/systemd/system/notebook.service:4 gives --ServerApp.token"

    on(host, "apply", "--control", control, status=0)
    services.wait_until_it_answers(host, JUPYTER)
    assert status(host, "/api/status") == "403"
    on(host, "rollback", "--control", control, status=2)
    services.wait_until_it_answers(host, JUPYTER)
    assert status(host, "/api/status") == "200"


def test_a_token_stays_on_its_host(boot, on: On) -> None:
    host, token = boot(layers=("jupyter",)), "tok3n-of-alice-9f8e7d"
    command = f"/opt/jupyter/bin/jupyter lab --ServerApp.token={token}"
    unit = f"[Service]\nUser=alice\nEnvironment=JUPYTER_TOKEN={token}\nExecStart={command}\n"
    host.write("/etc/systemd/system/notebook.service", unit)
    host.write("/home/alice/.bashrc", f"export JUPYTER_TOKEN={token}\n", "alice:alice")
    host.write("/var/spool/cron/crontabs/alice", f"@reboot {command}\n", "alice:root", mode="0600")
    host.write(f"{ANN}.py", f"c.IdentityProvider.token = '{token}'\n", "alice:alice")
    host.write(f"{ANN}.json", f'{{"IdentityProvider": {{"token": "{token}"}}}}', "alice:alice")
    host.run("systemctl daemon-reload && systemctl start notebook")
    services.wait_until_it_answers(host, JUPYTER)
    asked = catalogue.load()[0].asked
    reads = {
        "units": asked.units(),
        "assignments": asked.assignments(),
        "documents": {"documents": asked.documents()},
        "listeners": asked.listeners(),
    }
    for what, query in reads.items():
        command = hostside.command({"do": "read", "what": what, **query}).get_raw_value()
        said = host.run(command).stdout
        assert said.startswith('{"ok": true') and token not in said, what
    assert token not in on(host, "check", "-v").out
