"""Several questions to one list in one statement."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from threatweaver.sdk import Listing


def together(listing: Listing, asked: Iterable[tuple[str, Mapping[str, Any], str]]) -> tuple[str, list[Any]]:
    """Return one SELECT of all, and its values; each is what to select, the loaded query, and more of FROM.

    `{where}` in the last is where the conditions of the query go.
    """
    parts, values = [], list[Any]()
    for select, query, rest in asked:
        where, bound = listing.conditions(query)
        for number in range(len(bound), 0, -1):  # from the last, so that none is met twice
            where = re.sub(rf"\${number}\b", f"${len(values) + number}", where)
        parts.append(f"SELECT {select} FROM {listing.source} {rest.replace('{where}', where)}")
        values += bound
    return " UNION ALL ".join(parts), values
