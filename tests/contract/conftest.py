"""The people and choices of the conformance suite, for what is special to this repository."""

import sys
from pathlib import Path

from threatweaver.testing.conformance.conftest import *  # noqa: F403 - the same fixtures, every one

sys.path.insert(0, str(Path(__file__).parent))  # for reviewed.py
