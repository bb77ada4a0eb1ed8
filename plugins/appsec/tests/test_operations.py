"""Every operation is called by a test that looks at what came of it."""

import ast

import operations


async def test_every_operation_of_the_document_has_its_test(client):
    document = await (await client.get("/api-docs/swagger.json")).json()
    known = {
        (method.upper(), path.removeprefix("/api/appsec"))
        for path, item in document["paths"].items()
        if path.startswith("/api/appsec/")
        for method in item.keys() & {"get", "post", "put", "patch", "delete"}
    }
    assert set(operations.table()) == known


def test_every_test_that_is_named_is_there_and_uses_the_space_that_holds_it_to_its_lines():
    for test in set(operations.table().values()):
        file, _, name = test.partition("::")
        tree = ast.parse((operations.TESTS / file).read_text(encoding="utf-8"))
        found = next(one for one in tree.body if isinstance(one, ast.AsyncFunctionDef) and one.name == name)
        assert "space" in [argument.arg for argument in found.args.args], test
        assert not found.decorator_list or "skip" not in ast.dump(found.decorator_list[0]), test
