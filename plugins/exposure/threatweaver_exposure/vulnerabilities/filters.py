"""What vulnerabilities may be chosen by: the parameters of their lists, and the conditions they mean."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from threatweaver.sdk import CommaSeparated, SearchText, SeverityField, Where, any_of, either_way
from threatweaver_exposure.assets.queries import ASSESSED
from threatweaver_exposure.flaws.queries import ONCE
from threatweaver_exposure.history.schemas import PastDay
from threatweaver_exposure.intelligence.effective import EPSS, KEV
from threatweaver_exposure.searching import IDENTIFIED, NAMED, SAYING
from threatweaver_exposure.urgency.conditions import CRITICAL_SINCE, KEV_SINCE
from threatweaver_exposure.vulnerabilities.models import State

CVE = validate.Regexp(r"(?i)\ACVE-\d{4}-\d{4,19}\Z", error="Must look like CVE-2024-12345.")
ACTIVE = [State.OPEN.value, State.REOPENED.value]
EVERY = [state.value for state in State]


class _States(CommaSeparated):
    """States, or `all`."""

    alone = ("all",)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> list[Any]:
        return EVERY if str(value).lower() == "all" else super()._deserialize(value, attr, data, **options)


class _StateField(fields.Field[int]):
    choices = tuple(state.name.lower() for state in State)

    def _deserialize(self, value: object, attr: str | None, data: object, **_: object) -> int:
        try:
            return State[str(value).upper()].value
        except KeyError:
            names = ", ".join(state.name.lower() for state in State)
            raise ValidationError(f"Must be one of: {names}, or all.") from None


class _ProbabilityField(fields.Float):
    """A probability of 0 to 1."""

    sample = "0.1"

    def __init__(self) -> None:
        super().__init__(validate=validate.Range(0, 1))


class CveField(fields.String):
    """A CVE id, in upper case."""

    sample = "CVE-2024-12345"

    def __init__(self, **options: Any) -> None:
        super().__init__(validate=CVE, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        return str(super()._deserialize(value, attr, data, **options)).upper()


# Dates are whole days in UTC, both ends included, and mean the first sighting.
FIRST_SEEN = (
    Where("start_date", fields.Date(), "v.first_seen >= {}::date::timestamp AT TIME ZONE 'UTC'"),
    Where("end_date", fields.Date(), "v.first_seen < ({}::date + 1)::timestamp AT TIME ZONE 'UTC'"),
)
SEVERITY = any_of("severity", SeverityField(), column="v.severity")
TAG = Where(
    "tag",
    fields.String(validate=validate.Length(1, 100)),
    """v.asset_id IN (SELECT t.asset_id FROM exposure_asset_tag t JOIN exposure_tag n ON n.id = t.tag_id
                      WHERE lower(n.name) = lower({}))""",
)
ASSET_GROUP = Where(
    "asset_group",
    fields.UUID(),
    "v.asset_id IN (SELECT asset_id FROM exposure_asset_group_member WHERE group_id = {})",
)

FILTERS = (
    SEVERITY,
    *either_way(
        Where(
            "cve",
            CveField(),
            "v.definition_id IN (SELECT definition_id FROM exposure_definition_cve WHERE cve = {})",
        )
    ),
    *either_way(Where("plugin_id", fields.Integer(validate=validate.Range(0, 2**62)), "d.plugin_id = {}")),
    *either_way(
        any_of(
            "definition_id",
            fields.Integer(validate=validate.Range(1, 2**31 - 1)),
            column="v.definition_id",
        )
    ),
    *either_way(Where("asset_id", fields.UUID(), "v.asset_id = {}")),
    *either_way(TAG),
    *either_way(ASSET_GROUP),
    *ASSESSED,
    Where("risk_from", fields.Integer(validate=validate.Range(0, 100)), "v.risk_score >= {}"),
    Where("risk_to", fields.Integer(validate=validate.Range(0, 100)), "v.risk_score <= {}"),
    Where("kev", fields.Boolean(), f"coalesce({KEV}, false) = {{}}"),
    Where("epss_from", _ProbabilityField(), f"{EPSS} >= {{}}"),
    Where("epss_to", _ProbabilityField(), f"{EPSS} <= {{}}"),
    Where("critical_since", PastDay(), CRITICAL_SINCE),
    Where("kev_since", PastDay(), KEV_SINCE),
    *FIRST_SEEN,
    *either_way(
        Where("search", SearchText(), f"(v.definition_id IN ({NAMED}) OR v.asset_id IN ({IDENTIFIED}))")
    ),
    Where("text", fields.String(validate=validate.Length(1, 200)), f"v.definition_id IN ({SAYING})"),
    Where("unobserved", fields.Boolean(), "true"),
    Where("once_per_flaw", fields.Boolean(), ONCE),
    Where("state", _States(_StateField()), "true"),
    Where("as_of", PastDay(), "true"),
)
"""Those of the list: `true` is what the list itself turns into conditions, or into another list."""
