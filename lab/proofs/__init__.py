"""One exploit per case: true against the vulnerable application, false against its twin."""

from collections.abc import Awaitable, Callable

from lab.client import Lab
from lab.proofs import (
    access,
    commands,
    documents,
    files,
    graphql,
    headers,
    leaks,
    queries,
    redirects,
    sessions,
    sqli,
    tokens,
    xss,
)

Proof = Callable[[Lab], Awaitable[bool]]
PROOFS: dict[str, Proof] = {
    **sqli.PROOFS,
    **queries.PROOFS,
    **commands.PROOFS,
    **documents.PROOFS,
    **files.PROOFS,
    **xss.PROOFS,
    **redirects.PROOFS,
    **access.PROOFS,
    **tokens.PROOFS,
    **sessions.PROOFS,
    **headers.PROOFS,
    **graphql.PROOFS,
    **leaks.PROOFS,
}
