"""Every format that exposure reads: Nessus, and each module of `parsers/`."""

from importlib import import_module
from pkgutil import iter_modules

from threatweaver.reports import ImportParser
from threatweaver_exposure.engine import nessus, parsers

PARSERS: tuple[ImportParser, ...] = (
    nessus.PARSER,
    *(import_module(f"{parsers.__name__}.{item.name}").PARSER for item in iter_modules(parsers.__path__)),
)
