"""Acunetix 360's JSON: vulnerabilities of web applications."""

from threatweaver.reports import CERTAIN, ImportParser
from threatweaver_exposure.engine.reading.invicti import parse, product


def detects(head: bytes, _: str) -> int:
    """Say whether it is one, by its name, for all else is as in Netsparker's."""
    return CERTAIN if product(head) == "acunetix360" else 0


PARSER = ImportParser(name="acunetix360_json", title="Acunetix 360 JSON", detects=detects, parse=parse)
