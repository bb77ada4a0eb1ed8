"""Where a consumer of the feed is: the cursor, as text and as numbers. Pure."""

import re
from typing import Any, NamedTuple

from marshmallow import fields, validate

_TEXT = re.compile(r"\A(now|[0-9]{1,18}(-[0-9]{1,18})?)\Z")


class Position(NamedTuple):
    """Behind which change a consumer is, and up to which one all were there already when it began.

    What was gone by then it never heard of, so it misses no tombstone of that.
    """

    after: int
    begun: int = 0

    def __str__(self) -> str:
        return f"{self.after}-{self.begun}" if self.begun > self.after else str(self.after)


NOW = Position(-1)
"""The end of the feed, wherever that is."""


class CursorField(fields.String):
    """A cursor that the feed gave, as a Position; 0 is the beginning, `now` the end."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=validate.Regexp(_TEXT, error="Not a cursor of this feed."), **options)

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        """Make the position once the text itself is validated."""
        text = super().deserialize(value, attr, data, **kwargs)
        if not isinstance(text, str):
            return text
        return NOW if text == "now" else Position(*map(int, text.split("-")))
