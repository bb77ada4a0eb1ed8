"""Whoever owns the database can change a log, but not unseen. As superuser, behind the triggers."""

import io
from contextlib import nullcontext, suppress
from functools import partial

import asyncpg
import orjson
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from threatweaver.audit import export, roots, service, store
from threatweaver.audit.line import Line
from threatweaver.audit.verify import Broken, verify_file, verify_live
from threatweaver.db.transaction import CONTROL

LINES = 9
MIDDLE = 5
COLUMNS = {
    "at": "at + interval '1 microsecond'",
    "actor_id": "gen_random_uuid()",
    "actor_email": "'mallory@example.com'",
    "token_id": "gen_random_uuid()",
    "via": "'saml'",
    "action": "action || ' '",
    "target": "'user:2'",
    "outcome": "'failure'",
    "method": "'GET'",
    "path": "'/'",
    "status": "status + 1",
    "request_id": "'x'",
    "address": "'192.0.2.9'",
    "user_agent": "'curl'",
    "before": "NULL",
    "after": """'{"role": "viewer"}'""",
    "hash": "sha256('x')",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def key(kernel):
    return roots.signing_key(kernel.keys.audit)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def written(kernel, tenant, key):
    """A log of nine lines with a root behind the fourth."""
    for number in range(1, LINES + 1):
        async with kernel.database.control():
            line = Line(action="a", target="user:1", before={"n": number}, after={"role": "admin"})
            await store.append(kernel.database, tenant.schema, line)
        if number == 4:
            async with kernel.database.tenant(tenant.schema):
                await roots.take(key, tenant.schema)
    return tenant.schema


@pytest.fixture(params=["live", "export"])
def check(request, key):
    """A function: check a log in the current scope, in the database or by an export of it."""

    async def live(log):
        return await verify_live(log, nullcontext, {roots.key_id(key.public_key()): key.public_key()})

    async def by_export(log):
        made = await export.begin(key, log, nullcontext)
        return verify_file(io.BytesIO(b"".join([piece async for piece in export.stream(made)])))

    return live if request.param == "live" else by_export


class Undo(Exception):
    pass


@pytest.fixture
def tamper(kernel, check):
    """A function: run SQL as superuser, check the log, undo everything; return the first broken line."""

    async def done(log, *statements):
        found = "whole"
        with suppress(Undo):
            async with kernel.database.owner(log) as unit:
                await unit.connection.execute("SET LOCAL session_replication_role = replica")
                for sql in statements:
                    await unit.connection.execute(sql)
                try:
                    await check(log)
                except Broken as error:
                    found = error.seq
                raise Undo
        return found

    return done


async def test_an_untouched_log_is_whole(tamper, written):
    assert await tamper(written, "SELECT 1") == "whole"


@pytest.mark.parametrize("line", [1, MIDDLE, LINES])
async def test_a_deleted_line_is_found(tamper, written, line):
    assert await tamper(written, f"DELETE FROM audit_line WHERE id = {line}") == line


async def test_a_log_without_lines_is_found(tamper, written):
    assert await tamper(written, "TRUNCATE audit_line") == 1


async def test_a_cut_tail_is_found_also_when_the_head_is_cut_to_it(tamper, written):
    cut = "DELETE FROM audit_line WHERE id > 3"
    head = "UPDATE audit_head SET (seq, hash) = (SELECT id, hash FROM audit_line WHERE id = 3)"
    assert await tamper(written, cut) == 4
    assert await tamper(written, cut, head) == 4  # the root behind line 4 remembers


@pytest.mark.parametrize("line", [1, MIDDLE, LINES])
@pytest.mark.parametrize("column", COLUMNS)
async def test_an_edited_column_is_found(tamper, written, column, line):
    edit = f"UPDATE audit_line SET {column} = {COLUMNS[column]} WHERE id = {line}"
    assert await tamper(written, edit) == line


async def test_swapped_lines_are_found(tamper, written):
    swap = "UPDATE audit_line SET id = -id WHERE id IN (3, 7)"
    back = "UPDATE audit_line SET id = 10 + id WHERE id < 0"
    assert await tamper(written, swap, back) == 3


@pytest.mark.parametrize("line", [1, MIDDLE, LINES])
async def test_an_inserted_line_is_found(tamper, written, line):
    move = f"UPDATE audit_line SET id = -id - 1 WHERE id >= {line}"
    back = "UPDATE audit_line SET id = -id WHERE id < 0"
    columns = ", ".join(name for name in COLUMNS)
    put = f"INSERT INTO audit_line (id, {columns}) SELECT {line}, {columns} FROM audit_line WHERE id = 2"
    if line == 1:
        put = put.replace("WHERE id = 2", "WHERE id = 5")
    assert await tamper(written, move, back, put) == line


async def test_a_chain_that_is_computed_anew_is_found_by_its_root(tamper, written):
    edit = "UPDATE audit_line SET action = 'b' WHERE id = 2"
    rechain = """DO $$ DECLARE line audit_line; last bytea;
                 BEGIN SELECT hash INTO last FROM audit_line WHERE id = 1;
                 FOR line IN SELECT * FROM audit_line WHERE id > 1 ORDER BY id LOOP
                   last := sha256(last || convert_to(audit_canonical(line), 'UTF8'));
                   UPDATE audit_line SET hash = last WHERE id = line.id;
                 END LOOP; UPDATE audit_head SET hash = last; END $$"""
    assert await tamper(written, edit, rechain) == 4


async def test_an_edited_root_is_found(tamper, written):
    assert await tamper(written, "UPDATE audit_root SET seq = 5 WHERE seq = 4") == 5
    assert await tamper(written, "UPDATE audit_root SET signature = sha512('x') WHERE seq = 4") == 4


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_any_change_of_any_line_is_found_at_that_line(tamper, written, data):
    line = data.draw(st.integers(1, LINES))
    column = data.draw(st.sampled_from(sorted(COLUMNS)))
    edits = {"delete": f"DELETE FROM audit_line WHERE id = {line}"}
    edits["edit"] = f"UPDATE audit_line SET {column} = {COLUMNS[column]} WHERE id = {line}"
    assert await tamper(written, edits[data.draw(st.sampled_from(sorted(edits)))]) == line


async def test_controls_own_log_is_chained_too(kernel, tamper):
    await service.event(
        kernel, "auth.failed", tenant_id=None, actor_id=None, address="192.0.2.1", request_id="r"
    )
    assert await tamper(CONTROL, "SELECT 1") == "whole"
    assert await tamper(CONTROL, "UPDATE audit_line SET address = '' WHERE id = 1") == 1


async def test_even_the_owner_needs_more_than_a_slip_to_touch_a_line(kernel, written):
    for sql in ("UPDATE audit_line SET action = 'b'", "DELETE FROM audit_line", "TRUNCATE audit_line"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with kernel.database.owner(written) as unit:
                await unit.connection.execute(sql)


class TestAnEditedFile:
    """What can be done to an export on its way."""

    @pytest_asyncio.fixture(loop_scope="session")
    async def rows(self, kernel, written, key):
        scope = partial(kernel.database.owner, written)
        async with scope():
            made = await export.begin(key, written, scope)
        return b"".join([piece async for piece in export.stream(made)]).splitlines(keepends=True)

    def broken(self, rows):
        with pytest.raises(Broken) as caught:
            verify_file(io.BytesIO(b"".join(rows)))
        return caught.value.seq

    def test_whole(self, rows):
        assert verify_file(io.BytesIO(b"".join(rows))).seq == LINES

    def test_cut_anywhere(self, rows):
        for end in range(1, len(rows)):
            if b'"root"' not in rows[end - 1][:8]:
                assert self.broken(rows[:end]) is not None

    def test_a_line_more_or_less(self, rows):
        lines = [number for number, row in enumerate(rows) if row.startswith(b'{"seq"')]
        for number in lines:
            seq = orjson.loads(rows[number])["seq"]
            assert self.broken(rows[:number] + rows[number + 1 :]) == seq
            assert self.broken([*rows[: number + 1], *rows[number:]]) == seq
            padded = rows[number].replace(b'{"seq"', b'{"extra":1,"seq"')
            assert self.broken([*rows[:number], padded, *rows[number + 1 :]]) == seq
            twice = rows[number].replace(b'{"seq"', b'{"action":"z","seq"')
            assert self.broken([*rows[:number], twice, *rows[number + 1 :]]) == seq

    def test_another_log_under_this_name(self, rows):
        header = orjson.loads(rows[0])
        assert self.broken([orjson.dumps({**header, "log": CONTROL}) + b"\n", *rows[1:]]) == 1

    def test_a_key_of_somebody_else(self, rows, key):
        other = roots.signing_key(b"\x01" * 32).public_key()
        with pytest.raises(Broken, match="not known"):
            verify_file(io.BytesIO(b"".join(rows)), {roots.key_id(other): other})

    def test_noise(self, rows):
        assert self.broken([rows[0], b"\xff\x00 not json\n"]) == 1
        assert self.broken([b"[]\n"]) is None
        assert self.broken([rows[0], b"[" * 100_000 + b"\n"]) == 1
