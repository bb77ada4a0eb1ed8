"""Jobs that wait for other systems hold up no others."""

from datetime import timedelta

import pytest

from threatweaver.jobs.lanes import Lane
from threatweaver.jobs.models import Status
from threatweaver.jobs.table import JobTable


@pytest.fixture
def receivers(answer):
    """Let every receiver answer in the end, whatever the test found."""
    yield
    answer.set()


def test_what_waits_for_others_holds_no_transaction():
    with pytest.raises(ValueError, match="hold no transaction"):
        JobTable().job("test.send", timeout=timedelta(minutes=1), lane=Lane.OUTWARD)


async def test_receivers_that_do_not_answer_hold_up_no_work(running, enqueue, final, receivers, answer):
    waiting = [(await enqueue("wait_for_a_receiver"))[0] for _ in range(30)]
    job_id, _ = await enqueue("add", left=1, right=1)
    assert (await final(job_id)).status == Status.COMPLETED
    answer.set()
    assert {(await final(job_id)).status for job_id in waiting} == {Status.COMPLETED}
