"""What can be done to templates. No request, no schema, no status code."""

from typing import Any
from uuid import UUID

from threatweaver.sdk import NotFound, Unprocessable
from threatweaver_appsec.engine.agent import Agent
from threatweaver_appsec.templates.agent import agent_of
from threatweaver_appsec.templates.models import CheckTemplate
from threatweaver_appsec.templates.reading import TemplateWrong, read


async def known(template_id: UUID) -> CheckTemplate:
    """Return a template. Raises NotFound."""
    found = await CheckTemplate.get_or_none(id=template_id)
    if found is None:
        raise NotFound
    return found


async def create(*, by: UUID, source: str, enabled: bool) -> CheckTemplate:
    """Add a template. Raises Unprocessable where it is none of the subset."""
    return await CheckTemplate.create(created_by=by, enabled=enabled, **_columns(source))


async def update(template_id: UUID, **changes: Any) -> CheckTemplate:
    """Change a template. Raises NotFound, Unprocessable."""
    found = await known(template_id)
    if "source" in changes:
        changes |= _columns(changes["source"])
    await found.update_from_dict(changes).save()
    return found


def check(source: str) -> dict[str, Any]:
    """Say whether a template is one of the subset, and if not, why."""
    try:
        found = read(source)
    except TemplateWrong as error:
        return {"ok": False, "message": str(error), "key": None, "requests": 0}
    return {"ok": True, "message": "", "key": found.key, "requests": len(found.asks)}


async def agents() -> list[Agent]:
    """Return the agents of the templates that are enabled."""
    return [agent_of(read(one.source)) for one in await CheckTemplate.filter(enabled=True).order_by("key")]


def _columns(source: str) -> dict[str, Any]:
    try:
        found = read(source)
    except TemplateWrong as error:
        raise Unprocessable(str(error)) from None
    return {"source": source, "key": found.key, "name": found.name, "severity": found.severity}
