"""Every purpose in the code is in the registry of sealed columns, or a rotation would pass its texts by."""

import re
from pathlib import Path

from threatweaver import secrets
from threatweaver.secrets.columns import COLUMNS, PASSING

ROOT = Path(__file__).parents[2]
KERNEL = Path(secrets.__file__).parents[1]
SEALED = re.compile(
    r"""(?:purpose=|def _purpose\([^\n]*\n    return )f"([a-z_.]+):\{|^PURPOSE = "([a-z_.]+):""", re.MULTILINE
)


def test_every_purpose_is_registered():
    files = [path for path in KERNEL.rglob("*.py") if path.parent.name not in {"secrets", "testing"}]
    files += (ROOT / "plugins").glob("*/threatweaver_*/**/*.py")
    texts = [path.read_text(encoding="utf-8") for path in files]
    found = {one or other for text in texts for one, other in SEALED.findall(text)}
    assert len(found) >= 4
    assert found == {column.purpose for column in COLUMNS} | PASSING
