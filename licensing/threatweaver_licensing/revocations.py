"""The revocation list: which licenses the vendor has taken back, signed, and importable without a network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Self

from threatweaver_licensing.claims import ISSUER, JTI, VERSION
from threatweaver_licensing.errors import (
    RevocationsAlgorithm,
    RevocationsMalformed,
    RevocationsOlder,
    RevocationsSignature,
    RevocationsTooLarge,
    RevocationsUnknownKey,
)
from threatweaver_licensing.keys import KeyRing, SigningKey
from threatweaver_licensing.signed import Kind, open_signed, open_unverified, sign
from threatweaver_licensing.strict import Checks

MAX_LIST_BYTES: Final = 1024 * 1024
MOST_ENTRIES: Final = 5_000

_LIST: Final = Kind(
    typ="tw-revocations+jwt",
    max_bytes=MAX_LIST_BYTES,
    malformed=RevocationsMalformed,
    too_large=RevocationsTooLarge,
    unknown_key=RevocationsUnknownKey,
    algorithm=RevocationsAlgorithm,
    signature=RevocationsSignature,
)
_check = Checks(RevocationsMalformed)
_REQUIRED: Final = frozenset({"iss", "ver", "seq", "iat", "entries"})
_ENTRY: Final = frozenset({"jti", "at", "reason"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """One license that was taken back: its id, when, and why."""

    jti: str
    at: datetime
    reason: str

    def __post_init__(self) -> None:
        _check.pattern("entries.jti", self.jti, JTI)
        object.__setattr__(self, "at", _check.utc("entries.at", self.at))
        _check.text("entries.reason", self.reason, longest=200)

    @classmethod
    def from_payload(cls, payload: object) -> Self:
        """The revocation of a list's entry, or RevocationsMalformed."""
        found = _check.members("entries", payload, required=_ENTRY)
        return cls(jti=found["jti"], at=_check.seconds("entries.at", found["at"]), reason=found["reason"])

    def to_payload(self) -> dict[str, Any]:
        """The revocation as a list's entry."""
        return {"jti": self.jti, "at": int(self.at.timestamp()), "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """All revocations up to an issue of the list; an issue replaces every one with a lower `seq`."""

    seq: int
    issued_at: datetime
    entries: tuple[Revocation, ...] = ()
    revoked: Mapping[str, datetime] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        _check.count("seq", self.seq, least=1)
        object.__setattr__(self, "issued_at", _check.utc("iat", self.issued_at))
        if not isinstance(self.entries, tuple) or len(self.entries) > MOST_ENTRIES:
            raise RevocationsMalformed("entries", f"must be a list of at most {MOST_ENTRIES}")
        revoked = {entry.jti: entry.at for entry in self.entries}
        if len(revoked) != len(self.entries):
            raise RevocationsMalformed("entries", "names a license twice")
        if any(at > self.issued_at for at in revoked.values()):
            raise RevocationsMalformed("entries", "revokes later than the list was issued")
        object.__setattr__(self, "revoked", MappingProxyType(revoked))

    def newer_than(self, other: "RevocationList | None") -> bool:
        """Whether this list replaces the other one."""
        return other is None or self.seq > other.seq

    def to_payload(self) -> dict[str, Any]:
        """The list as a JWT payload; fractions of a second are dropped."""
        return {
            "iss": ISSUER,
            "ver": VERSION,
            "seq": self.seq,
            "iat": int(self.issued_at.timestamp()),
            "entries": [entry.to_payload() for entry in self.entries],
        }

    @classmethod
    def from_payload(cls, payload: object) -> Self:
        """The list of a JWT payload, or RevocationsMalformed naming the field that is wrong."""
        found = _check.members("payload", payload, required=_REQUIRED)
        if found["iss"] != ISSUER:
            raise RevocationsMalformed("iss", "is not the issuer of ThreatWeaver licenses")
        if type(found["ver"]) is not int or found["ver"] != VERSION:
            raise RevocationsMalformed("ver", f"must be {VERSION}")
        if not isinstance(found["entries"], list) or len(found["entries"]) > MOST_ENTRIES:
            raise RevocationsMalformed("entries", f"must be a list of at most {MOST_ENTRIES}")
        return cls(
            seq=found["seq"],
            issued_at=_check.seconds("iat", found["iat"]),
            entries=tuple(map(Revocation.from_payload, found["entries"])),
        )


def issue_list(revocations: RevocationList, private_key: SigningKey) -> str:
    """The signed list, or RevocationsTooLarge or RevocationsMalformed where verify_list would refuse it."""
    payload = revocations.to_payload()
    RevocationList.from_payload(payload)
    return sign(_LIST, payload, private_key)


def verify_list(token: str, keyring: KeyRing) -> RevocationList:
    """The list with a trusted signature, or a RevocationsError."""
    return RevocationList.from_payload(open_signed(_LIST, token, keyring))


def read_unverified_list(token: str) -> RevocationList:
    """What the list says of itself, or a RevocationsError: to show it, never to revoke anything."""
    return RevocationList.from_payload(open_unverified(_LIST, token)[1])


def check_list(new: RevocationList, current: RevocationList | None) -> None:
    """Refuse, with RevocationsOlder, a list that would bring back what the current one takes away.

    The current list itself may come again and changes nothing.
    """
    if new != current and not new.newer_than(current):
        raise RevocationsOlder
