"""People of two tenants who create, read, change, list and delete, in any order hypothesis thinks of."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import stateful_values
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from threatweaver.http.route import Shape
from threatweaver.ids import uuid7
from threatweaver.testing.contract import values
from threatweaver.testing.contract.answers import Call

GONE = (401, 403, 404)
ONE_OF_ALL = "isDefault"
"""What a row loses when another one gets it."""


@dataclass(frozen=True)
class Kind:
    """A collection that can be created in: its routes."""

    path: str
    create: Any
    list: Any
    item: dict[str, Any]

    def __repr__(self):
        return self.path


@dataclass
class Row:
    kind: Kind
    id: str
    body: dict[str, Any]
    deleted: bool = False


@dataclass
class World:
    """What outlives one story: the application, its people, and the loop they live on."""

    run: Any
    api: Any
    kernel: Any
    tenant: Any
    admin: Any
    viewer: dict[str, str]
    stranger: dict[str, str]
    verify: Any
    calls: int = 0
    kinds: list[Kind] = field(default_factory=list)


def kinds_of(routes, held):
    """Every collection with a plain path where the administrator may create, list and delete."""
    table = {(route.method, route.path): route for route in routes}
    found = []
    for route in routes:
        listing = table.get(("GET", route.path))
        creates = route.method == "POST" and route.status == 201 and not route.params and route.body
        if (
            creates
            and listing
            and listing.returns.shape in (Shape.PAGE, Shape.ROWS)
            and route.permission in held
        ):
            item = {method: r for (method, path), r in table.items() if path in one_of(route.path)}
            if "DELETE" in item:
                found.append(Kind(route.path, route, listing, item))
    return found


def one_of(path):
    return {f"{path}/{{{name}}}" for name in ("id", "uuid")}


class Story(RuleBasedStateMachine):
    """Invariants: never a 5xx, lists hold what was created, the other tenant sees and changes nothing."""

    world: ClassVar[World]
    rows = Bundle("rows")

    def __init__(self):
        super().__init__()
        self.made = []
        self.statuses = []

    def ask(self, route, path, *, by=None, json=None):
        """Send a call, and write it into the story that hypothesis prints."""
        world = self.world
        headers = world.admin.headers if by is None else by
        call = Call(route=route, path=path, headers=headers, json=json)
        answer = world.run(world.api.send(call))
        world.calls += 1
        note(
            f"{route.method} {path} {json if json is not None else ''} -> {answer.status} {answer.code or ''}"
        )
        assert answer.status < 500, f"{answer}: {answer.body}"
        return answer

    def body(self, schema, data):
        """Draw a body: what is required, with values of hypothesis where the field says which it takes."""
        drawn = self.world.run(values.body(schema, self.world.admin.refer))
        for name, kind in schema().fields.items():
            key = kind.data_key or name
            strategy = stateful_values.of(kind)
            if strategy is not None and (key in drawn or data.draw(st.booleans(), label=f"with {key}")):
                drawn[key] = data.draw(strategy, label=key)
        return drawn

    @rule(target=rows, data=st.data())
    def create(self, data):
        kind = data.draw(st.sampled_from(self.world.kinds), label="kind")
        body = self.body(kind.create.body, data)
        answer = self.ask(kind.create, kind.path, json=body)
        if answer.status != 201:
            assert answer.status in (400, 403, 404, 409, 422), str(answer)
            return Row(kind, str(uuid7()), {}, deleted=True)
        made = answer.body.get("data", answer.body)
        row = Row(kind, made["id"], body)
        self.made.append(row)
        return row

    @rule(row=rows)
    def read(self, row):
        if "GET" in row.kind.item:
            answer = self.ask(row.kind.item["GET"], f"{row.kind.path}/{row.id}")
            assert answer.status == (404 if row.deleted else 200), f"{answer} of {row}"
            self.same(row, answer.body.get("data", answer.body))

    def same(self, row, shown):
        """What was written is what is read, where it is read at all."""
        for name, value in row.body.items():
            if (
                name != ONE_OF_ALL
                and name in shown
                and type(shown[name]) is type(value)
                and not isinstance(value, (list, dict))
            ):
                assert shown[name] == value, f"{name}: wrote {value!r}, read {shown[name]!r}"

    @rule(row=rows, data=st.data())
    def update(self, row, data):
        route = row.kind.item.get("PUT") or row.kind.item.get("PATCH")
        if route is None or route.body is None:
            return
        body = self.body(route.body, data)
        answer = self.ask(route, f"{row.kind.path}/{row.id}", json=body)
        if row.deleted:
            assert answer.status in (400, 404, 409, 422), f"{answer} of a deleted row"
        elif answer.status < 300:
            row.body = {**row.body, **body}

    @rule(row=consumes(rows))
    def delete(self, row):
        route = row.kind.item.get("DELETE")
        if route is None or row.deleted:
            return
        answer = self.ask(route, f"{row.kind.path}/{row.id}")
        assert answer.status in (204, 409, 422), str(answer)
        if answer.status == 204:
            row.deleted = "GET" not in row.kind.item or self.is_gone(row)

    def is_gone(self, row):
        """A revoked token is still there to be looked at; whatever is gone is gone from its list, too."""
        gone = self.ask(row.kind.item["GET"], f"{row.kind.path}/{row.id}").status == 404
        assert not gone or row.id not in self.listed(row.kind), f"{row.kind.path} lists what was deleted"
        return gone

    def listed(self, kind):
        found, cursor = set(), 1
        while True:
            paged = kind.list.returns.shape is Shape.PAGE
            answer = self.ask(kind.list, f"{kind.path}?limit=500&page={cursor}" if paged else kind.path)
            assert answer.status == 200, f"{answer}: {answer.body}"
            found |= {str(item.get("id")) for item in answer.body["data"]}
            if not paged or cursor >= answer.body["meta"]["totalPages"]:
                return found
            cursor += 1

    @rule(row=rows)
    def look_for_it(self, row):
        """No draw here or above depends on what the server said, or hypothesis could not replay a story."""
        held = self.listed(row.kind)
        alive = {one.id for one in self.made if one.kind is row.kind and not one.deleted}
        assert alive <= held, f"{row.kind.path} lacks {alive - held}"

    @rule(row=rows, method=st.sampled_from(["GET", "PUT", "PATCH", "DELETE"]), data=st.data())
    def trespass(self, row, method, data):
        """Somebody of the other tenant with every permission, and somebody of ours with few."""
        route = row.kind.item.get(method)
        if route is None:
            return
        body = self.body(route.body, data) if route.body else None
        path = f"{row.kind.path}/{row.id}"
        answer = self.ask(route, path, by=self.world.stranger, json=body)
        assert answer.status in (*GONE, 400, 422), f"{answer}: of another tenant"
        answer = self.ask(route, path, by={}, json=body)
        assert answer.status == 401, f"{answer}: anonymous"
        if route.writes:
            answer = self.ask(route, path, by=self.world.viewer, json=body)
            assert answer.status in GONE, f"{answer}: of a viewer"

    @rule(row=rows)
    def the_other_tenants_list(self, row):
        answer = self.ask(row.kind.list, row.kind.path, by=self.world.stranger)
        assert row.id not in str(answer.body), f"{answer}: shows a row of another tenant"

    @invariant()
    def the_product_is_ready(self):
        route = self.world.api.find("GET /health/ready")
        assert self.world.run(self.world.api.send(Call(route=route, path="/health/ready"))).status == 200

    def teardown(self):
        for row in self.made:
            if "DELETE" in row.kind.item and not row.deleted:
                self.ask(row.kind.item["DELETE"], f"{row.kind.path}/{row.id}")
        self.world.run(self.world.verify())
