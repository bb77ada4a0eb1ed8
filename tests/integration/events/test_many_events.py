"""However much one transaction publishes, two statements write it."""

from published_things import ThingDone

from threatweaver.events.service import publish


async def test_ten_thousand_events_are_two_statements(listening, as_home, home_tenant, jobs_of):
    statements = []
    async with as_home() as unit:
        unit.connection.add_query_logger(statements.append)
        for number in range(10_000):
            await publish(ThingDone(f"{number}"))
        assert statements == []
    inserts = [record.query for record in statements if "INSERT" in record.query]
    assert len(inserts) == 2, inserts
    assert sum(record.elapsed for record in statements) < 10
    jobs = await jobs_of(home_tenant, final=False)
    assert len(jobs) == 20_000
    async with listening.database.control() as unit:
        assert await unit.connection.fetchval("SELECT count(*) FROM pgqueuer") == 20_000
