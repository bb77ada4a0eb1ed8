"""What is known of outdated components: a file of OSV advisories that the operator keeps on each worker."""

import asyncio
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from threatweaver_appsec.engine.agent import Agent
from threatweaver_appsec.engine.agents.outdated import PACKAGES, outdated
from threatweaver_appsec.engine.components import advisories_in

SETTING = "advisories"


async def agents(settings: Mapping[str, Mapping[str, int | str]]) -> tuple[Agent, ...]:
    """Return the agent that asks the file, none where the settings name none. Raises ValueError."""
    place = str(settings["appsec"][SETTING])
    if not place:
        return ()
    try:
        return (await asyncio.to_thread(_of, place, Path(place).stat().st_mtime_ns),)
    except OSError as error:
        raise ValueError(f"the file of advisories cannot be read: {error.strerror}") from error


@lru_cache(maxsize=1)
def _of(place: str, changed: int) -> Agent:
    """Return the agent of a file as it is since it was last changed; next to nothing of it is kept."""
    del changed
    return outdated(advisories_in(Path(place), PACKAGES))
