"""The only way out: requests to addresses that a user can set, guarded against reaching inside."""

from threatweaver.outbound.client import request, resolve
from threatweaver.outbound.errors import OutboundFailed, OutboundRefused

__all__ = ["OutboundFailed", "OutboundRefused", "request", "resolve"]
