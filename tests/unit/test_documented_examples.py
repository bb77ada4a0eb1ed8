"""What the pages for plugin authors show works as they show it."""

import io
import re
from pathlib import Path

from threatweaver import sdk
from threatweaver.sdk import Asset, Definition, Finding

PAGE = Path(__file__).parents[2] / "docs" / "writing-a-plugin.md"
REPORT = b"""host,rule,title,severity
a.example.com,r1,Old TLS,3
a.example.com,r2,No HSTS,1
b.example.com,r1,Old TLS,3
"""


def test_the_parser_of_the_tutorial():
    (code,) = [
        text
        for text in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
        if "def parse" in text
    ]
    names = {name: getattr(sdk, name) for name in sdk.__all__}
    exec(f"import csv, io\nfrom collections.abc import Iterator\nfrom typing import BinaryIO\n{code}", names)
    parser = names["ACME_CSV"]
    assert (parser.detects(REPORT, "x"), parser.detects(b"<xml/>", "x.csv")) == (True, False)
    records = list(parser.parse(io.BytesIO(REPORT)))
    assert [record.name for record in records if isinstance(record, Asset)] == [
        "a.example.com",
        "b.example.com",
    ]
    assert {record.check for record in records if isinstance(record, Definition)} == {"r1", "r2"}
    assert [record[:3] for record in records if isinstance(record, Finding)] == [
        (0, "r1", 3),
        (0, "r2", 1),
        (1, "r1", 3),
    ]
