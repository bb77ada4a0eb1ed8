"""People who ask again and again, each on one connection that stays open."""

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests


@dataclass
class Caller:
    """Asks until told to stop, and keeps what came back."""

    url: str
    token: str
    over: threading.Event = field(default_factory=threading.Event)
    statuses: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def run(self):
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {self.token}"
            while not self.over.is_set():
                try:
                    self.statuses.append(session.get(self.url, timeout=20).status_code)
                except requests.RequestException as error:
                    self.failures.append(repr(error))


@contextmanager
def calling(url, token, *, callers=4):
    """Let so many ask for as long as the block lasts."""
    found = [Caller(url, token) for _ in range(callers)]
    threads = [threading.Thread(target=caller.run) for caller in found]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        for caller in found:
            caller.over.set()
        for thread in threads:
            thread.join(30)


def assert_all_answered(callers, status=200):
    """Nobody met a closed door, and everybody got the same answer all the time."""
    assert [failure for caller in callers for failure in caller.failures] == []
    assert {found for caller in callers for found in caller.statuses} == {status}
