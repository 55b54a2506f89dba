"""Many controls of one host, one round trip: a question parks its asker until all are waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import gevent
from gevent.event import AsyncResult

from hardpoint.batch import Answer, Request

T = TypeVar("T")


class Snapshot:
    """Answers to all commands of one host in one check.

    Jobs run side by side, each in a greenlet. When every one of them waits for an answer or is
    done, all that was asked goes out in one batch (a wave) and everybody wakes. Equal questions
    are sent once. Nothing outlives the check.
    """

    def __init__(self, execute: Callable[[list[Request]], list[Answer]]) -> None:
        self._execute = execute
        self._answers: dict[Request, Answer] = {}
        self._waiting: dict[Request, AsyncResult] = {}
        self._running = 0
        self._parked = 0
        self.waves = 0

    def expect(self, requests: Iterable[Request]) -> None:
        """Questions that will be asked: they go out with the next wave."""
        for request in requests:
            if request not in self._answers:
                self._waiting.setdefault(request, AsyncResult())

    def run(self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        """The results of all jobs, in order. The first exception is raised when all are done."""
        self._running = len(jobs)
        errors: list[Exception] = []
        greenlets = [gevent.spawn(self._job, job, errors) for job in jobs]
        gevent.joinall(greenlets)
        if errors:
            raise errors[0]
        return [greenlet.get() for greenlet in greenlets]

    def _job(self, job: Callable[[], T], errors: list[Exception]) -> T | None:
        try:
            return job()
        except Exception as error:
            errors.append(error)
            return None
        finally:
            self._running -= 1
            self._send_if_all_wait()

    def ask(self, request: Request) -> Answer:
        if request in self._answers:
            return self._answers[request]
        result = self._waiting.setdefault(request, AsyncResult())
        self._parked += 1
        self._send_if_all_wait()
        return result.get()

    def _send_if_all_wait(self) -> None:
        if self._parked and self._parked == self._running:
            waiting, self._waiting = self._waiting, {}
            # All who are parked wait for this wave: none of them counts until it asks again.
            self._parked = 0
            self.waves += 1
            gevent.spawn(self._send, waiting)

    def _send(self, waiting: dict[Request, AsyncResult]) -> None:
        requests = list(waiting)
        try:
            answers = self._execute(requests)
        except Exception:  # whatever broke the connection broke it for every question alike
            answers = [Answer(1, failure="lost")] * len(requests)
        for request, answer in zip(requests, answers, strict=True):
            self._answers[request] = answer
            waiting[request].set(answer)
