"""What administrators see and change of the rate limits. No request, no schema, no status code."""

from collections.abc import Collection
from typing import Any

from threatweaver.http.errors import Unprocessable
from threatweaver.http.output import Page
from threatweaver.ratelimits import queries
from threatweaver.ratelimits.models import RateLimitConfig
from threatweaver.ratelimits.rules import Override, Rules, subject


class UnknownPath(Unprocessable):
    """There is no route with this path. Write it as the API reference does, below /api: /jobs/{id}."""

    code = "UNKNOWN_PATH"


async def rules(default: int) -> Rules:
    """Return the limits in force; `default` is the general one while nobody configured another."""
    stored = await RateLimitConfig.first()
    if stored is None:
        return Rules(general_limit=default)
    return Rules(
        general_limit=stored.general_limit, overrides=tuple(Override(**item) for item in stored.overrides)
    )


async def configure(*, general_limit: int, overrides: list[dict[str, Any]], known: Collection[str]) -> None:
    """Store the deployment's limits; each path must be one of the known ones. Raises UnknownPath."""
    unknown = sorted({item["path"] for item in overrides} - set(known))
    if unknown:
        raise UnknownPath(paths=unknown)
    await RateLimitConfig.update_or_create({"general_limit": general_limit, "overrides": overrides}, id=1)


async def buckets(rules: Rules, *, address: str | None, page: int, limit: int) -> Page:
    """Return the buckets of now; one of a limit that is no longer in force has no `limit`."""
    client = None if address is None else subject(address)
    rows, total = await queries.page(client, limit=limit, offset=(page - 1) * limit)
    return Page(
        rows=[
            {
                "bucket": row["name"],
                "client": row["subject"],
                "used": row["used"] if rule is None else min(row["used"], rule.amount),
                "limit": None if rule is None else rule.amount,
                "full": rule is not None and row["used"] >= rule.amount,
                "resetsAt": row["resets_at"],
            }
            for row in rows
            for rule in [rules.named(row["name"])]
        ],
        total=total,
        page=page,
        limit=limit,
    )


async def unblock(address: str) -> int:
    """Forget what an address has used; return the number of its buckets."""
    return await queries.empty(subject(address))
