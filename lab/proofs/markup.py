"""Exploits of what pages say and load: whoever reads them has what they tell."""

import re
from collections.abc import Awaitable, Callable

from lab.client import Lab


def _says(path: str, pattern: str) -> Callable[[Lab], Awaitable[bool]]:
    async def says(lab: Lab) -> bool:
        return bool(re.search(pattern, (await lab.get(path)).text))

    return says


PROOFS = {
    "gate-address": _says("/gate/short", r'<form action="/gate/enter">'),
    "gate-clear": _says("/gate/partner", r'action="http://partner'),
    "gate-remembered": _says("/gate/kiosk", r'autocomplete="on"'),
    "mixed-content": _says("/catalog/print", r'src="http://'),
    "foreign-script": _says("/catalog/menu", r'src="https://cdn[^>]*js">'),
    "session-address": _says("/basket/share", r"\?sid=\w{16}"),
    "comment": _says("/imprint", r"password=\S{8}"),
    "source-map": _says("/assets/menu.js", r"# sourceMappingURL=menu"),
    "unclaimed-name": _says("/blog", r"There isn't a GitHub Pages site here\."),
}
