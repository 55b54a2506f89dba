"""pytest fixtures: a lab per worker, hosts that are pristine at the start of each test, a probe."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from . import backends, housekeeping
from .errors import LabUnavailable
from .host import Host
from .lab import Lab
from .probe import Probe

MOST_HOSTS = 4

Boot = Callable[..., Host]


@contextmanager
def needed() -> Iterator[None]:
    """Skip the test when the lab cannot run here; under CI, where it has to, fail instead."""
    try:
        yield
    except LabUnavailable as reason:
        if os.environ.get("CI"):
            pytest.fail(f"the lab cannot run here: {reason}", pytrace=False)
        pytest.skip(f"the lab cannot run here: {reason}")


class Pool:
    """Hosts that outlive a test: booting is saved, and every test gets them back as new."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._kinds: dict[Host, tuple[str, tuple[str, ...]]] = {}
        self._free: list[Host] = []
        self._count = 0

    def take(self, distro: str, layers: tuple[str, ...]) -> Host:
        """A pristine host of this kind, reset or new."""
        for host in self._free:
            if self._kinds[host] == (distro, layers):
                self._free.remove(host)
                host.reset()
                return host
        while self._free and len(self._kinds) >= MOST_HOSTS:
            self._drop(self._free[0])
        self._count += 1
        host = self._lab.boot(f"host{self._count}", distro, layers)
        self._kinds[host] = (distro, layers)
        return host

    def give_back(self, hosts: Sequence[Host]) -> None:
        """A test is done with these."""
        self._free += hosts

    def _drop(self, host: Host) -> None:
        self._free.remove(host)
        del self._kinds[host]
        self._lab.remove(host)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """This worker's lab; LAB_BACKEND chooses what it runs on."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with needed():
        backends.choose("auto")
        housekeeping.gc()
        running = Lab(name=f"{worker}-{os.getpid()}")
    with running:
        yield running


@pytest.fixture(scope="session")
def host_pool(lab: Lab) -> Pool:
    """The hosts of this worker."""
    return Pool(lab)


@pytest.fixture
def boot(host_pool: Pool) -> Iterator[Boot]:
    """`boot(distro="debian12", layers=())` returns a pristine host; each call another one."""
    taken: list[Host] = []

    def boot_one(distro: str = "debian12", layers: Sequence[str] = ()) -> Host:
        with needed():
            taken.append(host_pool.take(distro, tuple(layers)))
        return taken[-1]

    yield boot_one
    host_pool.give_back(taken)


@pytest.fixture
def probe(lab: Lab) -> Iterator[Probe]:
    """Another laptop on the hosts' network."""
    laptop = lab.probe()
    yield laptop
    laptop.close()
