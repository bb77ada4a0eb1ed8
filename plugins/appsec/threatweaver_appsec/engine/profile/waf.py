"""What stands in front of a target: its name where it shows, and whether it blocks attacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from threatweaver_appsec.engine.messages import Exchange, Fault, Request
from threatweaver_appsec.engine.ports import Sender
from threatweaver_appsec.engine.profile import fingerprints

TRIGGER = "<script>alert(1)</script>' OR 1=1 -- ../../etc/passwd"
"""Harmless: it stands in a parameter that no application reads, and every firewall knows it."""
PLAIN = "threatweaver plain words"
BLOCKING = frozenset({403, 406, 409, 418, 419, 429, 444, 493, 501, 503, 999})


@dataclass(frozen=True)
class Firewall:
    """What the look has shown."""

    name: str = ""
    """Unnamed where it blocks, and says not what it is; empty where none shows."""
    blocks: bool = False
    """Whether the trigger was answered otherwise than plain words, twice."""

    @property
    def is_there(self) -> bool:
        """Whether any shows."""
        return bool(self.name)


async def look(sender: Sender, base: str, identity: str | None) -> Firewall:
    """Ask with plain words and with a trigger, twice each, and compare."""

    def ask(value: str) -> Request:
        return Request("GET", f"{base}?twcheck={quote(value, safe='')}")

    pairs = []
    for _ in range(2):
        plain = await sender.send(ask(PLAIN), identity=identity)
        pairs.append((plain, await sender.send(ask(TRIGGER), identity=identity)))
    blocks = all(differs(plain, attack) for plain, attack in pairs)
    attack = [exchange for _, exchange in pairs]
    name = named(attack) if blocks else named([plain for plain, _ in pairs])
    return Firewall(name or ("unnamed" if blocks else ""), blocks)


def differs(plain: Exchange, attack: Exchange) -> bool:
    """Return whether an attack was refused where plain words were not."""
    if plain.response is None:
        return False
    if attack.response is None:
        return attack.fault in {Fault.RESET, Fault.TIMEOUT}
    return attack.status in BLOCKING and attack.status != plain.status


def named(exchanges: Sequence[Exchange]) -> str:
    """Return the name of a firewall that answers show, empty where none does."""
    rows = fingerprints.table("firewalls")
    return next((row.name for one in exchanges for row, _ in fingerprints.found(one, rows)), "")


def is_blocked(exchange: Exchange, before: Exchange | None = None) -> bool:
    """Return whether an answer is a firewall's page, given what the target answered before to the same."""
    if exchange.status not in BLOCKING:
        return False
    if before is not None and before.status == exchange.status:
        return False
    return bool(named([exchange])) or before is not None
