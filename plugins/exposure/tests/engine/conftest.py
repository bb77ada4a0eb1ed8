"""Lets the tests of this folder import the samples that stand beside them, in every import mode of pytest."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
