"""Keeping the rollups of history: called in the transaction of whatever changes vulnerabilities."""

from threatweaver.sdk import connection
from threatweaver_exposure.daily import queries

_EVENTS = "(SELECT * FROM exposure_event WHERE vulnerability_id IN (SELECT id FROM removal))"


async def keep(state_after: str, today: str, *, imported: bool) -> None:
    """Add vulnerability_change, whose events are written; `state_after` and `today` are SQL for each."""
    await connection().execute(
        _add(
            queries.flows_of_changes(state_after, today, imported=imported),
            queries.scores_of_changes(state_after, today),
        )
    )


async def forget_marked() -> None:
    """Take the histories of what is about to be deleted, in the table `removal` (id), out of every day."""
    await connection().execute(_add(queries.flows_of(_EVENTS), queries.scores_of(_EVENTS), "-"))


def _add(flows: str, scores: str, sign: str = "") -> str:
    sums = queries.FLOW_SUMS
    return f"""
        INSERT INTO exposure_flow_rollup AS r ({queries.FLOW_KEY}, {", ".join(sums)})
        SELECT {queries.FLOW_KEY}, {", ".join(sign + name for name in sums)} FROM ({flows}) f
        ON CONFLICT ({queries.FLOW_KEY}) DO UPDATE
        SET {", ".join(f"{name} = r.{name} + EXCLUDED.{name}" for name in sums)};
        INSERT INTO exposure_score_rollup AS r ({queries.SCORE_KEY}, active)
        SELECT {queries.SCORE_KEY}, {sign}active FROM ({scores}) s
        ON CONFLICT ({queries.SCORE_KEY}) DO UPDATE SET active = r.active + EXCLUDED.active;
    """
