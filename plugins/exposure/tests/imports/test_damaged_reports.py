"""Damaged reports of every format, through the API: refused as documented, and nothing is changed."""

from random import Random

from format_samples import outcome, samples

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
    """Two that end too soon, and two with some bits the other way round."""
    for share in (0.4, 0.95):
        yield data[: int(len(data.rstrip()) * share)]
    for count in (1, 30):
        flipped = bytearray(data)
        for _ in range(count):
            flipped[random.randrange(len(flipped))] ^= 1 << random.randrange(8)
        yield bytes(flipped)


async def test_what_is_damaged_is_refused_and_changes_nothing(space, tmp_path):
    """Where the damage leaves a report whole, as in a table's last line, it is none."""
    before, files, count = await space.snapshot(), space.spooled(), 0
    for sample in one_each():
        for data in damaged(sample.path.read_bytes(), Random(sample.path.name)):
            if outcome(data, tmp_path / "report") is None:
                continue
            answer = await space.upload(data, name="wrong.exe")
            error = answer.body["error"] if answer.status == 202 else answer.body
            assert (error["code"], error["status"]) == ("REPORT_REFUSED", 422), (sample, answer)
            assert error["reason"].startswith("REPORT_"), (sample, answer)
            assert error["reason"] != "REPORT_PARSER_FAILED", (sample, answer)
            assert error["message"], (sample, answer)
            count += 1
    assert count >= len(one_each())
    assert await space.snapshot() == before
    assert space.spooled() == files
    await space.check()
