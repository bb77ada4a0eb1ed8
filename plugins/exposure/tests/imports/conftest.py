"""An import that is seen in its middle, however fast the machine is."""

import threading

import pytest

from threatweaver.jobs import run
from threatweaver_exposure.imports import rows


@pytest.fixture
def slow_parser(monkeypatch):
    """An event: until it is set, what parses a report stops after a batch, of which there are many.

    The job says after each how far it is, and hears then that it is cancelled.
    """
    go_on, read = threading.Event(), rows.read

    def slowly(*args):
        for number, batch in enumerate(read(*args)):
            if number:
                go_on.wait(60)
            yield batch

    monkeypatch.setattr(run, "_EVERY", 0)
    monkeypatch.setattr(rows, "_BATCH", 100)
    monkeypatch.setattr(rows, "read", slowly)
    yield go_on
    go_on.set()
