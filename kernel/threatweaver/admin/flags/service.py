"""Reading and turning feature flags, in a tenant's scope. No request, no schema, no status code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from threatweaver.admin.flags.declaration import FeatureFlag
from threatweaver.admin.flags.models import FlagPosition
from threatweaver.db.transaction import connection
from threatweaver.http.errors import ValidationFailed

Declared = Mapping[str, FeatureFlag]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagState:
    """A declared flag and where it stands."""

    name: str
    title: str
    enabled: bool
    default: bool
    changed_at: datetime | None
    changed_by: UUID | None


async def is_on(flag: FeatureFlag) -> bool:
    """Say whether a flag is on for the tenant of this scope: one look-up by key, so at once everywhere."""
    found = await connection().fetchval("SELECT enabled FROM feature_flag WHERE name = $1", flag.name)
    return flag.default if found is None else bool(found)


async def states(declared: Declared) -> list[FlagState]:
    """Return every declared flag, by name."""
    known = {row.name: row for row in await FlagPosition.all()}
    return [_state(flag, known.get(name)) for name, flag in sorted(declared.items())]


async def turn(declared: Declared, positions: Mapping[str, bool], *, by: UUID) -> dict[str, bool]:
    """Put flags where they are wanted; return those that stood elsewhere before. Raises ValidationFailed."""
    if unknown := sorted(set(positions) - set(declared)):
        raise ValidationFailed(
            "Invalid request body",
            [{"field": f"flags.{name}", "message": "There is no such flag."} for name in unknown],
        )
    before = {state.name: state.enabled for state in await states(declared)}
    turned = {name: value for name, value in positions.items() if before[name] != value}
    await connection().execute(
        """INSERT INTO feature_flag (name, enabled, changed_at, changed_by)
           SELECT name, enabled, $3, $4 FROM unnest($1::text[], $2::bool[]) AS given (name, enabled)
           ON CONFLICT (name) DO UPDATE
           SET enabled = excluded.enabled, changed_at = excluded.changed_at,
               changed_by = excluded.changed_by""",
        sorted(turned),
        [turned[name] for name in sorted(turned)],
        datetime.now(UTC),
        by,
    )
    return {name: before[name] for name in turned}


def _state(flag: FeatureFlag, row: FlagPosition | None) -> FlagState:
    return FlagState(
        name=flag.name,
        title=flag.title,
        enabled=row.enabled if row else flag.default,
        default=flag.default,
        changed_at=row.changed_at if row else None,
        changed_by=row.changed_by if row else None,
    )
