"""What can be an event, who may take it, and what stops the start."""

import types
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum
from uuid import UUID

import pytest

from threatweaver.events import declaration
from threatweaver.events.kernel import KERNEL_EVENT_TYPES, UserDeactivated
from threatweaver.events.table import SubscriberTable
from threatweaver.plugins import events
from threatweaver.plugins.contribution import Contribution, RegistryError
from threatweaver.plugins.manifest import Manifest


class Color(StrEnum):
    RED = "red"


class Number(IntEnum):
    ONE = 1


@dataclass(frozen=True, slots=True)
class Everything:
    a: UUID
    b: str
    c: int
    d: float
    e: bool
    f: datetime
    g: date
    h: Decimal
    i: Color
    j: Number
    k: tuple[UUID, ...]
    l: tuple[str, int]  # noqa: E741
    m: "str | None" = None


def event(annotation=str, *, name="Happened", module="threatweaver_alpha.events", **options):
    made = types.new_class(name, (), {}, lambda body: body.update(__annotations__={"member": annotation}))
    made.__module__ = module
    return dataclass(**{"frozen": True, "slots": True, **options})(made)


def test_plain_values():
    declaration.check(Everything)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (str, "is no dataclass"),
        (event(frozen=False), "Happened must be a dataclass with frozen=True and slots=True"),
        (event(slots=False), "Happened must be a dataclass with frozen=True and slots=True"),
        (event(bytes), r"Happened\.member is no plain value"),
        (event(dict[str, str]), r"Happened\.member is no plain value"),
        (event(list[str]), r"Happened\.member is no plain value"),
        (event(tuple[bytes, ...]), r"Happened\.member is no plain value"),
        (event(tuple[Everything, ...]), r"Happened\.member is no plain value"),
        (event(str | bytes), r"Happened\.member is no plain value"),
        (event(timedelta), r"Happened\.member is no plain value"),
        (event(object), r"Happened\.member is no plain value"),
    ],
)
def test_what_is_no_event(kind, message):
    with pytest.raises(ValueError, match=message):
        declaration.check(kind)


def plugin(name, *kinds, takes=(), requires=()):
    manifest = Manifest(
        name=name,
        package=f"threatweaver_{name}",
        entry_point=None,
        module_id=name,
        title=name,
        prefixes=(f"/{name}",),
        kernel_api=">=1",
        requires=tuple(requires),
        version="1",
    )
    table = SubscriberTable()
    for kind in takes:

        @table.on(kind, f"{name}.take", timeout=timedelta(minutes=1))
        async def take(run, event):
            """Take it."""

    return Contribution(manifest=manifest, event_types=kinds, event_subscribers=[table], settings={})


KERNEL = Contribution(manifest=None, event_types=KERNEL_EVENT_TYPES, settings={})
HAPPENED = event()


def subscribers(*plugins):
    contributions = [KERNEL, *plugins]
    return events.subscribers_of(contributions, events.types_of(contributions))


@pytest.mark.parametrize(
    "plugins",
    [
        [plugin("alpha", HAPPENED, takes=[HAPPENED])],
        [plugin("alpha", HAPPENED), plugin("beta", takes=[HAPPENED, UserDeactivated], requires=["alpha"])],
        [plugin("beta", takes=[HAPPENED], requires=["alpha"]), plugin("alpha", HAPPENED)],
    ],
    ids=["own", "required", "required, loaded first"],
)
def test_who_may_take_an_event(plugins):
    found = subscribers(*plugins)
    assert [item.job.name.split(".")[1] for item in found[HAPPENED]] == ["take"]


def test_an_event_of_a_plugin_that_is_not_required():
    with pytest.raises(RegistryError, match=r"plugin beta: beta\.take takes alpha\.Happened: its manifest"):
        subscribers(plugin("alpha", HAPPENED), plugin("beta", takes=[HAPPENED]))


def test_an_event_that_nobody_declared():
    with pytest.raises(RegistryError, match=r"beta\.take takes Happened, which nobody declared"):
        subscribers(plugin("beta", takes=[HAPPENED], requires=["alpha"]))


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        (
            [event(module="threatweaver_alpha.things.service")],
            r"Happened is not of threatweaver_alpha\.events",
        ),
        ([event(module="threatweaver_beta.events")], r"Happened is not of threatweaver_alpha\.events"),
        ([event(module="threatweaver_alpha.eventsource")], r"Happened is not of threatweaver_alpha\.events"),
        ([HAPPENED, HAPPENED], r"claim the event alpha\.Happened"),
        ([HAPPENED, event(int)], r"claim the event alpha\.Happened"),
        ([event(bytes)], r"alpha: Happened\.member is no plain value"),
    ],
)
def test_types_that_stop_the_start(kinds, message):
    with pytest.raises(RegistryError, match=message):
        events.types_of([plugin("alpha", *kinds)])


def test_a_type_may_be_of_a_module_below_events():
    kind = event(module="threatweaver_alpha.events.things")
    assert events.types_of([plugin("alpha", kind)]) == {kind: "alpha.Happened"}
