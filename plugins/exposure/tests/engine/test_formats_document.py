"""docs/plugins/formats.md names every format that is read, and none besides."""

import re

from nessus_samples import ROOT

from threatweaver_exposure.engine.catalog import PARSERS


def test_the_document_names_what_is_read():
    text = (ROOT / "docs" / "plugins" / "formats.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(parser.name for parser in PARSERS)
