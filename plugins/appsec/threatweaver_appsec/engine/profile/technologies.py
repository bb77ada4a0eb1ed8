"""What a target is made of: server, language, framework, CMS, libraries, with versions where they show."""

from collections.abc import Iterable

from threatweaver_appsec.engine.discover.urls import canonical
from threatweaver_appsec.engine.messages import Exchange, Request
from threatweaver_appsec.engine.ports import Profile, Sender
from threatweaver_appsec.engine.profile import fingerprints, waf

_PLACES = ("", "favicon.ico", "threatweaver-no-such-page")


def technologies(exchanges: Iterable[Exchange]) -> tuple[tuple[str, str], ...]:
    """Return name and version, in order of the names; a technology without version yields to one with."""
    found: dict[str, set[str]] = {}
    for exchange in exchanges:
        for row, version in fingerprints.found(exchange, fingerprints.table("fingerprints")):
            found.setdefault(row.name, set()).add(version)
    return tuple(
        (name, version)
        for name in sorted(found)
        for version in sorted(found[name] if found[name] == {""} else found[name] - {""})
    )


async def look(sender: Sender, base: str, identity: str | None) -> Profile:
    """Look at the base, at a page that is not there, and at what stands in front: a `ports.Look`."""
    folder = (canonical(base) or base).rstrip("/") + "/"
    exchanges = [
        await sender.send(Request("GET", folder + place), identity=identity, follow=not place)
        for place in _PLACES
    ]
    firewall = await waf.look(sender, folder, identity)
    return Profile(technologies(exchanges), firewall.name if firewall.is_there else "")
