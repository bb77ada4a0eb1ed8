"""Damaged reports of every format, through the API: refused as documented, and nothing is changed."""

from random import Random

from format_samples import MANY, SEED, outcome, samples
from report_changes import VALUES, changed

LARGEST = 200_000


def one_each():
    """Of each format the smallest report that holds anything."""
    best = {}
    for sample in samples():
        known = best.get(sample.format)
        size = sample.path.stat().st_size
        if sample.findings and size < LARGEST and (known is None or size < known.path.stat().st_size):
            best[sample.format] = sample
    return list(best.values())


def damaged(data, random):
    """One that ends too soon, and one with some bits the other way round."""
    yield data[: int(len(data.rstrip()) * random.uniform(0.3, 0.99))]
    flipped = bytearray(data)
    for _ in range(30):
        flipped[random.randrange(len(flipped))] ^= 1 << random.randrange(8)
    yield bytes(flipped)


def assert_refused(answer, sample):
    """The documented shape, by the upload or by its job; never that of a parser that failed."""
    error = answer.body["error"] if answer.status == 202 else answer.body
    assert (error["code"], error["status"]) == ("REPORT_REFUSED", 422), (sample, answer)
    assert error["reason"].startswith("REPORT_"), (sample, answer)
    assert error["reason"] != "REPORT_PARSER_FAILED", (sample, answer)
    assert error["message"], (sample, answer)


async def test_what_is_damaged_is_refused_and_changes_nothing(space, tmp_path):
    """Where the damage leaves a report whole, as in a table's last line, it is none.

    Of each format one that ends too soon or one with other bits, in turns, unless many are asked for: what
    parsers make of both is asked without the API for every report, in test_every_format.
    """
    before, files, count = await space.snapshot(), space.spooled(), 0
    for turn, sample in enumerate(one_each()):
        both = list(damaged(sample.path.read_bytes(), Random(f"{SEED}{sample.path.name}")))
        for data in both if MANY else both[turn % 2 :] + both[: turn % 2]:
            if outcome(data, tmp_path / "report") is None:
                continue
            assert_refused(await space.upload(data, name="wrong.exe"), sample)
            count += 1
            if not MANY:
                break
    assert count >= (len(one_each()) if MANY else 0.9 * len(one_each()))
    assert await space.snapshot() == before
    assert space.spooled() == files
    await space.check()


async def test_what_a_parser_takes_the_database_takes(space):
    """Values that no scanner writes, merged by a dry run, which leaves nothing of it either."""
    before, files, taken = await space.snapshot(), space.spooled(), 0
    for sample in one_each():
        random = Random(f"{SEED}{sample.path.name}")
        for _ in range(MANY or 1):
            changes = [(random.random(), random.choice(VALUES)) for _ in range(4)]
            answer = await space.call(
                "POST",
                "/imports?dryRun=true",
                data=changed(sample.path.read_bytes(), changes),
                headers={"X-Filename": "wrong.exe", "Prefer": "wait=60"},
            )
            if answer.status == 202 and answer.body["status"] == "completed":
                taken += 1
            else:
                assert_refused(answer, sample)
    assert taken >= len(one_each()) / 2
    assert await space.snapshot() == before
    assert space.spooled() == files
