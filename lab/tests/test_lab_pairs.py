"""Each case: its exploit works against the vulnerable application, and not against the safe twin."""

import pytest

from lab.cases import CASES
from lab.proofs import PROOFS


@pytest.mark.parametrize("name", CASES)
async def test_exploit_works_on_the_vulnerable_twin(name, vulnerable):
    assert await PROOFS[name](vulnerable)


@pytest.mark.parametrize("name", CASES)
async def test_exploit_fails_on_the_safe_twin(name, safe):
    assert not await PROOFS[name](safe)


NEEDS_MORE = {"csrf", "default-credentials", "upload", "delete-of-others", "bola-own"}
"""A token, a password, a picture, an account or a message of one's own."""


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].listed and name not in NEEDS_MORE])
async def test_safe_twin_answers_its_sample(name, safe):
    """A twin that refuses everything would be safe, and no test of anything."""
    case = CASES[name]
    path = case.path
    for key, value in case.sample.items():
        path = path.replace(f"{{{key}}}", str(value))
    sample = {key: value for key, value in case.sample.items() if f"{{{key}}}" not in case.path}
    where = case.parameter.where if case.parameter else "query"
    if where == "xml":
        body = {"data": sample["body"]}
    elif case.method == "GET":
        body = {"params": sample if where == "query" else {}}
    else:
        body = {"json" if case.api else "data": sample}
    user = {"none": None, "callback": None}.get(case.needs, "admin" if name == "bfla" else "alice")
    reply = await safe.send(case.method, path, user=user, login=case.login, **body)
    assert reply.status < 400, reply.text
