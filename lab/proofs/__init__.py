"""One exploit per case: true against the vulnerable application, false against its twin."""

from collections.abc import Awaitable, Callable

from lab.client import Lab
from lab.proofs import (
    access,
    commands,
    cookies,
    documents,
    evaluated,
    files,
    graphql,
    headers,
    leaks,
    left,
    markup,
    others,
    queries,
    redirects,
    sessions,
    sqli,
    tokens,
    told,
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
    **evaluated.PROOFS,
    **others.PROOFS,
    **cookies.PROOFS,
    **left.PROOFS,
    **told.PROOFS,
    **markup.PROOFS,
}
