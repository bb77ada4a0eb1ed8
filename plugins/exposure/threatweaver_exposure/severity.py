"""Severity: numbers in the database, upper-case words on the wire."""

from marshmallow import ValidationError, fields

NAMES = ("INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL")


def sql_name(column: str) -> str:
    """Return SQL that turns a severity number into its word; NULL for none."""
    words = ",".join(f"'{name}'" for name in NAMES)
    return f"(ARRAY[{words}])[{column} + 1]"


class SeverityField(fields.Field[int]):
    """A severity word, whatever its case, as its number."""

    choices = tuple(reversed(NAMES))

    def _deserialize(self, value: object, attr: str | None, data: object, **_: object) -> int:
        try:
            return NAMES.index(str(value).upper())
        except ValueError:
            raise ValidationError(f"Must be one of: {', '.join(reversed(NAMES))}.") from None
