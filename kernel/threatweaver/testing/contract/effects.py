"""What a request left behind: to prove that a write comes with its audit line or not at all."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from threatweaver.db.transaction import CONTROL, Database, connection

# What was tried how often, and proofs that are used up before they are looked at.
_UNTOLD = frozenset(
    {
        "audit_line",
        "audit_head",
        "browser_flow",
        "encryption_key",
        "familiar_source",
        "login_step",
        "notification_wake",
        "rate_bucket",
        "sign_in_failure",
        "spent_nonce",
        "sso_used",
        "tortoise_migrations",
    }
)
# Who was seen when, and a hash, which is renewed at sign-in: a password that changed has its time.
_PASSING = ["last_seen_at", "idle_expires_at", "last_used_at", "attempts", "mfa_counter", "password_hash"]


# Work in the background is none of a request's: table → the rows that one may have asked for.
_ASKED_FOR = {
    "license_watch": "false",
    "job": "user_id IS NOT NULL",
    "notification_event": "status = 'test'",
    "notification_delivery": "false",
}


async def snapshot(database: Database, schemas: Sequence[str], files: Path) -> dict[str, object]:
    """Return table → what is in it, of these schemas, with the names of all schemas and of kept files.

    A row that was written again as it was is another one, where no column passes.
    """
    async with database.control(read_only=True):
        tables = await connection().fetch(
            """SELECT schemaname, tablename, EXISTS (
                   SELECT FROM information_schema.columns
                   WHERE table_schema = schemaname AND table_name = tablename AND column_name = ANY($3)
               ) AS passing
               FROM pg_tables
               WHERE schemaname = ANY($1) AND tablename <> ALL($2) AND tablename NOT LIKE 'pgqueuer%'""",
            [CONTROL, *schemas],
            list(_UNTOLD),
            _PASSING,
        )
        rows = await connection().fetch(" UNION ALL ".join(_contents(*row) for row in tables), _PASSING)
        names = await connection().fetch("SELECT nspname FROM pg_namespace ORDER BY 1")
    return {
        **{row["name"]: (row["count"], row["sum"]) for row in rows},
        "schemas": [row["nspname"] for row in names],
        "files": _kept(files),
    }


def _kept(home: Path) -> list[str]:
    """Return the kept files of a data folder, without a walk through the thousands of its database."""
    folders = [folder for folder in home.iterdir() if folder.name != "postgres"]
    return sorted(
        str(path) for folder in folders for path in (folder, *folder.rglob("*.zip")) if path.suffix == ".zip"
    )


def _contents(schema: str, table: str, passing: bool) -> str:  # noqa: FBT001 - a row of the catalog
    shown = "(to_jsonb(t) - $1::text[])::text" if passing else "to_jsonb(t)::text || t.xmin::text"
    if table in _ASKED_FOR:
        shown = "t.id::text"
    return f"""SELECT '{schema}.{table}' AS name, count(*) AS count, sum(hashtextextended({shown}, 0)) AS sum
               FROM "{schema}"."{table}" t WHERE {_ASKED_FOR.get(table, "true")}"""


@asynccontextmanager
async def broken_log(database: Database, *schemas: str) -> AsyncIterator[None]:
    """Let no line be added to these logs while the block lasts."""
    heads = {}
    for schema in schemas:
        async with database.owner(schema) as unit:
            heads[schema] = await unit.connection.fetchrow("DELETE FROM audit_head RETURNING id, seq, hash")
    try:
        yield
    finally:
        for schema, head in heads.items():
            async with database.owner(schema) as unit:
                await unit.connection.execute("INSERT INTO audit_head VALUES ($1, $2, $3)", *head)
