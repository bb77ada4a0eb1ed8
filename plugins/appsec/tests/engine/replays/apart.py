"""Whether a family's findings reproduce at the vulnerable twin and nowhere else."""

from urllib.parse import urlsplit

from families import FAMILIES, SLOW
from lab_scans import listener, twin
from telltales import Garbled, reproduces, run

from threatweaver_appsec.engine.agent import Telltale
from threatweaver_appsec.engine.retest import Still

TRIES = 5


async def tell_apart(family):
    async with twin(family, safe=False) as vulnerable:
        findings, listened = await all_of(family, vulnerable)
        async with listener(listened) as called:
            for finding in findings:
                assert await shows(finding, vulnerable, called), finding
                again = await vulnerable.again(finding)
                assert again.state is Still.OPEN, (finding.agent, finding.place, again.says)
    port = urlsplit(vulnerable.base).port
    async with twin(family, safe=True, port=port) as safe, listener(listened) as called:
        for finding in findings:
            assert not await shows(finding, safe, called), finding
            again = await safe.again(finding)
            assert again.state is Still.CLOSED, (finding.agent, finding.place, again.says)


async def all_of(family, at):
    """What a scan finds, and where it listened; times, which a busy machine disturbs, get further chances."""
    for _ in range(TRIES):
        findings, listened = await at.scan()
        counts = {agent: sum(one.agent == agent for one in findings) for agent in family.findings}
        if counts == family.findings or family not in [FAMILIES[name] for name in SLOW]:
            break
    assert counts == family.findings
    return findings, listened


async def shows(finding, at, called):
    """Whether the line reproduces; times and races, which a busy machine disturbs, get further chances."""
    hard = finding.telltale is Telltale.TIME or "& wait" in finding.curl
    for _ in range(TRIES if hard else 1):
        called.clear()
        try:
            answers = await run(finding.curl, at.environment)
        except Garbled:
            assert hard, finding.curl
            continue
        if reproduces(finding, answers, called=called):
            return True
    return False
