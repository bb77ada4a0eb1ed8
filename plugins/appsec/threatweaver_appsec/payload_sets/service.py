"""What can be done to payload sets. No request, no schema, no status code."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from threatweaver.sdk import NotFound, ValidationFailed
from threatweaver_appsec.engine.agent import Agent
from threatweaver_appsec.engine.payloads import PREFIX, PayloadSet, agent_of, lacking
from threatweaver_appsec.payload_sets.models import StoredPayloads


async def known(set_id: UUID) -> StoredPayloads:
    """Return a payload set. Raises NotFound."""
    found = await StoredPayloads.get_or_none(id=set_id)
    if found is None:
        raise NotFound
    return found


async def create(*, kind: str, payloads: Sequence[str], **what: Any) -> StoredPayloads:
    """Add a payload set. Raises ValidationFailed for a payload that could prove nothing."""
    return await StoredPayloads.create(kind=kind, **_columns(kind, payloads), **what)


async def update(set_id: UUID, **changes: Any) -> StoredPayloads:
    """Change a payload set. Raises NotFound, ValidationFailed."""
    found = await known(set_id)
    if "payloads" in changes:
        changes |= _columns(found.kind, changes["payloads"])
    await found.update_from_dict(changes).save()
    return found


async def agents(set_ids: Sequence[UUID | str]) -> list[Agent]:
    """Return the agents of payload sets; those that are gone are left out."""
    found = await StoredPayloads.filter(id__in=list(set_ids)).order_by("name") if set_ids else []
    return [
        agent_of(PayloadSet(str(one.id), one.name, one.kind, tuple(one.payloads), one.safe)) for one in found
    ]


async def agents_named(agent: str) -> list[Agent]:
    """Return the agent of an id where it is that of a payload set, as a list."""
    return await agents([agent.removeprefix(PREFIX)]) if agent.startswith(PREFIX) else []


def _columns(kind: str, payloads: Sequence[str]) -> dict[str, Any]:
    kept = list(dict.fromkeys(payloads))
    for number, payload in enumerate(payloads):
        if missing := lacking(kind, payload):
            message = f"A payload of kind {kind} needs {{{{{missing[0]}}}}}."
            raise ValidationFailed(
                "Invalid request body", [{"field": f"payloads.{number}", "message": message}]
            )
    return {"payloads": kept, "size": len(kept)}
