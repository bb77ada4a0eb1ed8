"""Severity: numbers in the database, upper-case words on the wire."""

from enum import IntEnum

from marshmallow import ValidationError, fields


class Severity(IntEnum):
    """How bad it is: a number in the database, its name on the wire."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


SEVERITIES = tuple(item.name for item in Severity)
"""The names by their numbers."""


def severity_name(column: str) -> str:
    """Return SQL that turns a severity's number into its name; NULL for none."""
    names = ",".join(f"'{name}'" for name in SEVERITIES)
    return f"(ARRAY[{names}])[{column} + 1]"


class SeverityField(fields.Field[int]):
    """A severity's name in a filter, whatever its case, as its number."""

    choices = tuple(reversed(SEVERITIES))

    def _deserialize(self, value: object, attr: str | None, data: object, **_: object) -> int:
        try:
            return SEVERITIES.index(str(value).upper())
        except ValueError:
            raise ValidationError(f"Must be one of: {', '.join(self.choices)}.") from None
