"""Errors of outgoing requests; they tell a caller nothing about the network behind us."""

from threatweaver.http.errors import Unprocessable


class OutboundRefused(Unprocessable):
    """This address is not allowed as a destination: it must be a public one, or one your operator allows."""

    code = "OUTBOUND_REFUSED"


class OutboundFailed(Unprocessable):
    """The other side did not answer as it should: no connection, a bad certificate, too slow or too much."""

    code = "OUTBOUND_FAILED"
