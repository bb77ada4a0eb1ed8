"""Syncs with recorded exports, run as a worker runs them, where loopback may be reached."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from sync_runs import Syncs


@pytest.fixture
def syncs(kernel, space):
    """What starts and runs syncs of the space."""
    near = replace(kernel, settings=replace(kernel.settings, outbound_allow="127.0.0.1"))
    return Syncs(near, space)
