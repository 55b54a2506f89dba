"""Which of some Debian packages are installed."""

import shutil
import subprocess

from .errors import Refusal


def read(request):
    """{packages: {name: version | None}}."""
    if not shutil.which("dpkg-query"):
        raise Refusal(
            "unsupported", "there is no dpkg here: only Debian and Ubuntu packages are known"
        )
    command = ["dpkg-query", "-W", "-f", "${Package}\\t${db:Status-Status}\\t${Version}\\n"]
    done = subprocess.run(
        command + request["names"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20
    )
    found = dict.fromkeys(request["names"])
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        name, status, version = line.split("\t")
        if status == "installed":
            found[name] = version
    return {"packages": found}
