"""What a scanner itself says to be gone, which no report could say by what it leaves out."""

from typing import NamedTuple


class Fixed(NamedTuple):
    """One check that does not report any more what it did at one place of one asset.

    The time is the asset's, as with a finding; both come before it.
    """

    asset: int
    check: str
    port: int = 0
    protocol: str = ""
