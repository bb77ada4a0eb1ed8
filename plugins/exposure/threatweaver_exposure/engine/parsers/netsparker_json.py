"""Netsparker's (Invicti's) JSON: vulnerabilities of web applications."""

from threatweaver.reports import CERTAIN, ImportParser
from threatweaver_exposure.engine.reading.invicti import parse, product


def detects(head: bytes, _: str) -> int:
    """Say whether it is one, and not Acunetix 360's, which looks the same."""
    return CERTAIN if product(head) == "netsparker" else 0


PARSER = ImportParser(name="netsparker_json", title="Netsparker JSON", detects=detects, parse=parse)
