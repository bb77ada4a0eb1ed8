"""The marshmallow base of everything on the wire: camelCase names, unknown fields refused."""

import difflib
import ipaddress
from typing import Any

from marshmallow import RAISE, ValidationError, fields, pre_load
from marshmallow import Schema as MarshmallowSchema

_MOST_NAMES, _LONGEST_NAME = 10, 50  # what goes beyond is nobody's slip, and comparing takes its time


def camel(name: str) -> str:
    """Return the wire name of a Python name: `first_seen` → `firstSeen`."""
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


class Schema(MarshmallowSchema):
    """Write fields in snake_case; callers see camelCase. Text with NUL is refused."""

    class Meta:
        unknown = RAISE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Give the field its wire name."""
        field_obj.data_key = field_obj.data_key or camel(field_name)

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **_: Any) -> None:
        """Say of an unknown field which known one it is nearly called like."""
        if many or not isinstance(error.messages, dict) or not isinstance(data, dict):
            return
        known = {wire.lower(): wire for field in self.load_fields.values() if (wire := field.data_key)}
        unknown = (error.messages.keys() & data.keys()) - set(known.values())
        for name in unknown if len(unknown) <= _MOST_NAMES else ():
            if close := difflib.get_close_matches(str(name)[:_LONGEST_NAME].lower(), known, n=1):
                error.messages[name] = [f"Unknown field. Did you mean {known[close[0]]}?"]

    @pre_load
    def _refuse_nul(self, data: Any, **_: Any) -> Any:
        if isinstance(data, dict):
            for name, value in data.items():
                if isinstance(value, str) and "\x00" in value:
                    raise ValidationError("Must not contain the NUL character.", field_name=name)
        return data


class CommaSeparated(fields.Field[list[Any]]):
    """One or more values, `severity=CRITICAL,HIGH`; with `upper` their case does not matter."""

    def __init__(self, inner: fields.Field[Any], *, upper: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.inner = inner
        self.upper = upper

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> list[Any]:
        parts = [part.strip() for part in str(value).split(",")]
        if not all(parts) or len(parts) > 100:
            raise ValidationError("Give 1 to 100 values, separated by commas.")
        return [self.inner.deserialize(part.upper() if self.upper else part, attr, data) for part in parts]


class Network(fields.String):
    """A network as CIDR, or one address, of IPv4 or IPv6; loaded as CIDR without host bits."""

    sample = "192.0.2.0/24"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **options))
        try:
            return str(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError:
            raise ValidationError("Must be an address or a network like 192.0.2.0/24.") from None
