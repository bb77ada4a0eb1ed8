"""What can be done to scan profiles. No request, no schema, no status code."""

from typing import Any
from uuid import UUID

from threatweaver.sdk import NotFound, Unprocessable, ValidationFailed
from threatweaver_appsec.engine.catalog import listed_agents
from threatweaver_appsec.errors import BuiltIn
from threatweaver_appsec.payload_sets.models import StoredPayloads
from threatweaver_appsec.scan_profiles.models import ScanProfile
from threatweaver_appsec.wordlists.models import Wordlist


async def known(profile_id: UUID, *, change: bool = False) -> ScanProfile:
    """Return a profile. Raises NotFound, and BuiltIn for one that cannot be changed."""
    query = ScanProfile.filter(id=profile_id)
    found = await (query.select_for_update() if change else query).first()
    if found is None:
        raise NotFound
    if change and found.built_in:
        raise BuiltIn
    return found


async def create(**what: Any) -> ScanProfile:
    """Add a profile. Raises ValidationFailed and Unprocessable for what it names and is not there."""
    await _checked(what)
    return await ScanProfile.create(**what)


async def update(profile_id: UUID, **changes: Any) -> ScanProfile:
    """Change a profile. Raises NotFound, BuiltIn, ValidationFailed, Unprocessable."""
    found = await known(profile_id, change=True)
    await _checked(changes)
    await found.update_from_dict(changes).save()
    return found


async def clone(profile_id: UUID, *, name: str) -> ScanProfile:
    """Add a profile like another one. Raises NotFound."""
    found = await known(profile_id)
    return await ScanProfile.create(name=name, description=found.description, **found.options())


async def _checked(what: dict[str, Any]) -> None:
    known_agents = {agent.about.id for agent in listed_agents()}
    for field in ("agents", "also", "without"):
        unknown = sorted(set(what.get(field, ())) - known_agents)
        if unknown:
            detail = {"field": field, "message": f"There is no agent {unknown[0]}."}
            raise ValidationFailed("Invalid request body", [detail])
    wordlist = what.get("wordlist_id")
    if wordlist is not None and not await Wordlist.exists(id=wordlist):
        raise Unprocessable("There is no such word list.")
    sets = set(what.get("payload_set_ids", ()))
    if sets and await StoredPayloads.filter(id__in=list(sets)).count() != len(sets):
        raise Unprocessable("There is no such payload set.")
