"""The vendor's tool `threatweaver-license`: keys, licenses, revocation lists, the license manager."""

from threatweaver_licensing.cli.main import main

__all__ = ["main"]
