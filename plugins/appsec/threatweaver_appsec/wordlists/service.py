"""What can be done to word lists. No request, no schema, no status code."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from threatweaver.sdk import NotFound
from threatweaver_appsec.wordlists.models import Wordlist


async def known(wordlist_id: UUID) -> Wordlist:
    """Return a word list. Raises NotFound."""
    found = await Wordlist.get_or_none(id=wordlist_id)
    if found is None:
        raise NotFound
    return found


async def create(*, words: Sequence[str], **what: Any) -> Wordlist:
    """Add a word list; a word that is there twice counts once."""
    kept = list(dict.fromkeys(words))
    return await Wordlist.create(words=kept, size=len(kept), **what)


async def update(wordlist_id: UUID, **changes: Any) -> Wordlist:
    """Change a word list. Raises NotFound."""
    found = await known(wordlist_id)
    if "words" in changes:
        changes["words"] = list(dict.fromkeys(changes["words"]))
        changes["size"] = len(changes["words"])
    await found.update_from_dict(changes).save()
    return found
