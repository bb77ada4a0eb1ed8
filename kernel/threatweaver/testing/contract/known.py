"""Calls of the kernel's own rare routes, and the very few that no test can make succeed."""

from threatweaver.http.example import Caller, Example, ExampleOf
from threatweaver.testing.contract.values import PASSWORD


async def _sign_in(caller: Caller) -> Example:
    me = await caller.call("GET", "/auth/me")
    return Example(body={"email": me.body["email"], "password": PASSWORD})


async def _refresh(caller: Caller) -> Example:
    signed = await caller.call("POST", "/auth/login", (await _sign_in(caller)).body)
    cookies = [text.split(";")[0] for text in signed.headers.getall("Set-Cookie")]
    return Example(headers={"Cookie": next(text for text in cookies if text.startswith("refreshToken="))})


EXAMPLES: dict[str, ExampleOf] = {
    "POST /auth/login": _sign_in,
    "POST /auth/refresh": _refresh,
}

UNCALLABLE: dict[str, str] = {
    "POST /license/activate": "works once, before the first license; the tests of the license do it",
    "POST /license/import": "needs a license signed with the vendor's key; the tests of the license do it",
}
"""Route → why no call of it succeeds here; the tests fail when one of them does."""

INSTALLATION: dict[str, str] = {
    "PUT /admin/rate-limits/config": "limits are the deployment's",
}
"""Routes that change the whole installation: a probe of a live one leaves them alone."""

SHARED: dict[str, str] = {
    "GET /security/isolation-reports/{id}": "reports are of the installation, for every administrator",
}
"""Routes with an id that belongs to no tenant: the id of another tenant's call is as good as one's own."""
