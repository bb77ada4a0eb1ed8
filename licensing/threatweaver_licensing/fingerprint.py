"""The fingerprint that a license may be locked to: a hash of what names this machine or installation."""

import hashlib
import hmac
import re
from pathlib import Path
from typing import Final

MACHINE_ID: Final = Path("/etc/machine-id")

_PURPOSE: Final = b"ThreatWeaver license node lock, version 1"
_MACHINE = re.compile(r"[0-9a-f]{32}")
_LONGEST: Final = 4096


class NoIdentity(ValueError):
    """This machine has no id that a license could be locked to."""


def fingerprint_of(identity: str) -> str:
    """The fingerprint of an id: the same everywhere for the same id, and no way back to it.

    It keeps the id itself from being passed around, as machine-id(5) asks, and is no secret: whoever copies
    the id to another machine takes the fingerprint along.
    """
    text = identity.strip()
    if not 16 <= len(text) <= _LONGEST or not text.isprintable() or not text.strip("0-"):
        raise NoIdentity("an id has 16 printable characters or more, and not only zeros")
    digest = hmac.new(text.encode(), _PURPOSE, hashlib.sha256).hexdigest()
    return f"tw1-{digest[:40]}"


def read_identity(installation_id: Path | None = None, *, machine_id: Path = MACHINE_ID) -> str:
    """The id of this installation if a file for it is given, of this machine otherwise, or NoIdentity.

    Containers of one image share a machine id or have none; they need an installation id on their volume.
    """
    path = machine_id if installation_id is None else installation_id
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_LONGEST + 1).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NoIdentity(f"{path} cannot be read") from error
    if installation_id is None and not _MACHINE.fullmatch(text):
        raise NoIdentity(f"{path} holds no machine id")  # "uninitialized" during a first boot
    return text
