"""Somebody of one tenant who can call every route: what a call needs is made first, by other calls."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from threatweaver.http.example import Example, ExampleOf
from threatweaver.http.route import Access, Route, Shape
from threatweaver.testing.contract import values
from threatweaver.testing.contract.answers import Answer, Api, Call, query

Headers = Mapping[str, str]
Examples = Mapping[str, ExampleOf]
_UPLOAD = {"Content-Type": "application/octet-stream", "X-Filename": "example"}
_PAGES = (Shape.PAGE, Shape.ROWS)
_GOOD = range(200, 300)


class NotCallable(Exception):
    """No successful call of a route can be made from its declarations: it needs an `example`."""


class Person:
    """Makes successful calls. `newcomer` makes another person of the tenant, for calls that end a session."""

    def __init__(
        self, api: Api, headers: Headers, examples: Examples, newcomer: Callable[[], Awaitable[Headers]]
    ) -> None:
        self.api = api
        self.headers = headers
        self.examples = examples
        self.newcomer = newcomer
        self._known: dict[str, str] = {}
        self._filled = False

    async def prepare(self, route: Route) -> Call:
        """Return a call that succeeds once. Raises NotCallable.

        A write that asks for no permission acts on the caller: somebody new makes it.
        """
        person = self
        if route.writes and isinstance(route.permission, Access):
            person = Person(self.api, await self.newcomer(), self.examples, self.newcomer)
        try:
            return await person._prepare(route)
        except values.NoValue as error:
            raise NotCallable(f"{route.method} {route.path}: {error}") from None

    async def _prepare(self, route: Route) -> Call:
        example = await self._example(route)
        path, names = "", dict(example.params)
        for part in route.path.split("/")[1:]:
            if part.startswith("{") and part[1:-1] not in names:
                names[part[1:-1]] = await self._param(route, path, part[1:-1])
            path += f"/{names[part[1:-1]] if part.startswith('{') else part}"
        body = example.body
        if body is None and route.body is not None:
            body = await values.body(route.body, self.refer)
        headers = {**self.headers, **example.headers}
        full = query(path, example.query)
        return Call(route=route, path=full, headers=headers, json=body, data=example.data)

    async def _example(self, route: Route) -> Example:
        declared = self.examples.get(f"{route.method} {route.path}", route.example)
        if declared is None:
            if route.upload is not None:
                raise NotCallable(f"{route.method} {route.path}: an upload needs an example")
            return Example()
        return declared if isinstance(declared, Example) else await declared(self)

    async def _param(self, route: Route, collection: str, name: str) -> str:
        kind = route.params[name]
        if self._listing(collection) or self._creator(collection):
            found = await self._row(collection, name, fresh=route.writes)
            if found is not None:
                return found
        if type(kind).__name__ == "UUID":
            found = await self.refer(name)
            if found is not None:
                return found
            raise NotCallable(f"{route.method} {route.path}: nothing lists what {{{name}}} is")
        return str(values.plain(kind, name))

    async def call(self, method: str, path: str, body: Any = None) -> Answer:
        """Call a path as this person; a body of bytes is an upload."""
        call = Call(route=self._route(method, path.partition("?")[0]), path=path, headers=self.headers)
        if isinstance(body, bytes):
            return await self.api.send(replace(call, headers={**self.headers, **_UPLOAD}, data=body))
        return await self.api.send(replace(call, json=body))

    async def some(self, collection: str) -> str:
        """Return the id of a fresh row of a list, or of its first one. Raises NotCallable."""
        found = await self._row(collection, "id", fresh=True)
        if found is None:
            raise NotCallable(f"{collection} is empty")
        return found

    async def refer(self, name: str) -> str | None:
        """Return an id for `asset_id`, `asset_ids` or `/assets`; None where there is no such list."""
        if name.startswith("/"):
            return await self._row(name, "id", fresh=False)
        snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
        stem = snake.removesuffix("_ids").removesuffix("_id").replace("_", "-")
        lists = [route.path for route in self.api.routes if route.path.endswith(f"/{stem}s")]
        chosen = [path for path in sorted(lists, key=len) if "{" not in path and self._listing(path)]
        return await self._row(chosen[0], "id", fresh=False) if chosen else None

    async def _row(self, collection: str, name: str, *, fresh: bool) -> str | None:
        """Return the id of a row; a fresh one is for one call, which may delete it."""
        creator = self._creator(collection)
        if creator is not None and (fresh or collection not in self._known):
            made = await self.api.send(await self._at(creator, collection))
            if made.status not in _GOOD:
                raise NotCallable(f"{made}: {made.body}")
            found = identity(made.body.get("data", made.body), name)
            if fresh and found is not None:
                return found
            if found is not None:
                self._known[collection] = found
        if collection not in self._known:
            await self._first(collection, name)
        return self._known.get(collection)

    async def _first(self, collection: str, name: str) -> None:
        """Remember the first row of a list, after filling the tenant when the list is empty."""
        listing = self._listing(collection)
        if listing is None:
            return
        for _ in range(2):
            answer = await self.api.send(Call(route=listing, path=collection, headers=self.headers))
            rows = answer.body.get("data") if isinstance(answer.body, dict) else None
            found = identity(rows[0], name) if rows else None
            if found is not None:
                self._known[collection] = found
                return
            if self._filled:
                return
            await self.fill()

    async def fill(self) -> None:
        """Run every kind of job once: an import brings what nothing else creates."""
        self._filled = True
        for route in self.api.routes:
            if route.method == "POST" and route.returns.shape is Shape.JOB and not route.params:
                await self.api.send((await self.prepare(route)).by({"Prefer": "wait=20"}))

    async def _at(self, creator: Route, collection: str) -> Call:
        """Return a call that creates in this very collection, whose path may hold ids."""
        example = await self._example(creator)
        body = example.body
        if body is None and creator.body is not None:
            body = await values.body(creator.body, self.refer)
        headers = {**self.headers, **example.headers}
        return Call(route=creator, path=collection, headers=headers, json=body, data=example.data)

    def _creator(self, collection: str) -> Route | None:
        """Return the route that makes a row of the list and answers with it."""
        route = self._find("POST", collection)
        good = route is not None and route.returns.shape in (Shape.DATA, Shape.BARE)
        return route if good and route is not None and route.status == 201 else None

    def _listing(self, collection: str) -> Route | None:
        route = self._find("GET", collection)
        return route if route is not None and route.returns.shape in _PAGES else None

    def _route(self, method: str, path: str) -> Route:
        route = self._find(method, path)
        if route is None:
            raise NotCallable(f"there is no {method} {path}")
        return route

    def _find(self, method: str, path: str) -> Route | None:
        exact = self.api.find(f"{method} {path}")
        if exact is not None:
            return exact
        parts = path.split("/")
        for route in self.api.routes:
            own = route.path.split("/")
            if route.method == method and len(own) == len(parts):
                pairs = zip(own, parts, strict=True)
                if all(mine == part or mine.startswith("{") for mine, part in pairs):
                    return route
        return None


def identity(row: Any, name: str) -> str | None:
    """Return what a path calls a row: the member of that name, or its id."""
    if not isinstance(row, dict):
        return None
    keys = (name, "id", "uuid", *(key for key in row if key.endswith("Id")), "key", "name")
    return next((str(row[key]) for key in keys if row.get(key) is not None), None)
