"""Checking a chain, of an export or of the live log: finds the first line that is not as it was written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from threatweaver.audit import canonical, export, queries, roots
from threatweaver.audit.roots import PublicKeys, Root

_LONGEST = 16 << 20  # bytes of one line
_NAMES = frozenset((*canonical.MEMBERS, "hash"))


class Broken(Exception):
    """The log is not what was written: `seq` is the first wrong line, None where no line can be named."""

    def __init__(self, seq: int | None, why: str) -> None:
        super().__init__(why if seq is None else f"line {seq}: {why}")
        self.seq = seq
        self.why = why


@dataclass(slots=True)
class Chain:
    """A walk along a chain, line by line; it holds the last hash alone."""

    log: str
    keys: PublicKeys
    seq: int
    hash: bytes
    anchored: bool  # the start is the log's own, or a root signs it
    root: Root | None = None

    def line(self, line: Mapping[str, Any]) -> None:
        """Take the next line. Raises Broken."""
        seq, expected = line.get("seq"), self.seq + 1
        if not self.anchored:
            raise Broken(expected, "the log starts here, and no signed root says that it should")
        if not isinstance(seq, int) or isinstance(seq, bool):
            raise Broken(expected, "it has no number")
        if seq > expected:
            raise Broken(expected, f"deleted; line {seq} follows line {self.seq}")
        if seq < expected:
            raise Broken(seq, f"inserted, repeated or moved; it follows line {self.seq}")
        try:
            good = set(line) == _NAMES and bytes.fromhex(line["hash"]) == canonical.link(self.hash, line)
        except (ValueError, TypeError, KeyError, RecursionError):
            good = False
        if not good:
            raise Broken(seq, f"changed, or it does not belong behind line {self.seq}")
        self.seq, self.hash = seq, bytes.fromhex(line["hash"])

    def signed(self, root: Root) -> None:
        """Take a root that signs the chain up to here. Raises Broken."""
        if not roots.is_signed(root, self.log, self.keys):
            known = "signature is wrong" if root.key_id in self.keys else f"key {root.key_id} is not known"
            raise Broken(self.seq, f"the root of {root.at} behind it is not to be trusted: its {known}")
        if root.seq > self.seq:
            raise Broken(self.seq + 1, f"deleted; the root of {root.at} signs line {root.seq}")
        if (root.seq, root.hash) != (self.seq, self.hash):
            raise Broken(
                root.seq or None,
                f"the root of {root.at} signs another chain up to line {root.seq}: lines were rewritten",
            )
        self.root, self.anchored = root, True


def verify_file(file: BinaryIO, keys: PublicKeys | None = None) -> Chain:
    """Check an export and return the end of its chain. Raises Broken.

    Without `keys` the export's own public key is believed: compare its id with one you know.
    """
    chain = _opened(_parsed(file.readline(_LONGEST), None), keys)
    while raw := file.readline(_LONGEST):
        _take(chain, _parsed(raw, chain.seq + 1))
    if chain.root is None or chain.root.seq != chain.seq:
        raise Broken(chain.seq + 1, "the export ends without its signed root: lines were cut off")
    return chain


def _take(chain: Chain, item: Mapping[str, Any]) -> None:
    if set(item) == {"root"}:
        try:
            root = roots.read(item["root"])
        except (KeyError, TypeError, ValueError):
            raise Broken(chain.seq, "the root behind it cannot be read") from None
        chain.signed(root)
    else:
        chain.line(item)


def _opened(header: Mapping[str, Any], keys: PublicKeys | None) -> Chain:
    try:
        if header["format"] != export.FORMAT:
            raise ValueError
        log, start = str(header["log"]), int(header["first"]) - 1
        previous = bytes.fromhex(header["previousHash"])
        known = roots.read_keys([header["publicKey"]]) if keys is None else keys
    except (KeyError, TypeError, ValueError):
        raise Broken(None, "this is no export of an audit log") from None
    anchored = start == 0 and previous == canonical.genesis(log)
    return Chain(log, known, start, previous, anchored)


def _parsed(raw: bytes, seq: int | None) -> dict[str, Any]:
    try:
        value = export.parse(raw)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Broken(seq, "this is no JSON object")
    return value


async def verify_live(log: str, scope: export.Scope, keys: PublicKeys) -> Chain:
    """Check the log in the database and return the end of its chain. Raises Broken."""
    async with scope():
        signed_up_to = await queries.last_signed()  # before the head: a root may follow it any moment
        seq, last = await queries.head()
        empty = await queries.roots(after=-1, until=0)
    chain = Chain(log, keys, 0, canonical.genesis(log), anchored=True)
    _walk(chain, (), empty)
    async for rows, signed in export.pages(scope, after=0, until=seq):
        _walk(chain, rows, signed)
    if (chain.seq, chain.hash) != (seq, last):
        raise Broken(chain.seq + 1, f"deleted, or the head was changed: it says line {seq}")
    if signed_up_to > seq:
        raise Broken(seq + 1, f"deleted; a root signs line {signed_up_to}")
    return chain


def _walk(chain: Chain, rows: Iterable[Mapping[str, Any]], signed: Iterable[Root]) -> None:
    waiting = list(signed)
    for row in rows:
        chain.line(export.parse(export.line_json(row)))
        while waiting and waiting[0].seq == chain.seq:
            chain.signed(waiting.pop(0))
    for root in waiting:
        chain.signed(root)
