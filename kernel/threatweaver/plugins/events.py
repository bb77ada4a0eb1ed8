"""What the registry knows of events: whose each type is, and who takes it."""

from collections.abc import Mapping, Sequence

from threatweaver.events import declaration
from threatweaver.events.table import Subscriber
from threatweaver.plugins.contribution import Contribution, RegistryError


def types_of(contributions: Sequence[Contribution]) -> dict[type, str]:
    """Return type → `<plugin>.<Type>`. Raises RegistryError."""
    names: dict[type, str] = {}
    for item in contributions:
        for kind in item.event_types:
            try:
                declaration.check(kind)
            except ValueError as error:
                raise RegistryError(f"{item.owner}: {error}") from None
            home = f"{item.manifest.package}.events" if item.manifest else kind.__module__
            if kind.__module__ != home and not kind.__module__.startswith(f"{home}."):
                raise RegistryError(f"plugin {item.owner}: the event {kind.__qualname__} is not of {home}")
            name = f"{item.owner}.{kind.__name__}"
            if kind in names or name in names.values():
                raise RegistryError(f"two contributions claim the event {name}")
            names[kind] = name
    return names


def subscribers_of(
    contributions: Sequence[Contribution], types: Mapping[type, str]
) -> dict[type, tuple[Subscriber, ...]]:
    """Return type → who takes it. Raises RegistryError."""
    found: dict[type, list[Subscriber]] = {}
    for item in contributions:
        known = {"kernel", item.owner, *(item.manifest.requires if item.manifest else ())}
        for subscriber in (entry for table in item.event_subscribers for entry in table.subscribers):
            name = types.get(subscriber.event)
            if name is None:
                raise RegistryError(
                    f"{subscriber.job.name} takes {subscriber.event.__qualname__}, which nobody declared"
                )
            if name.split(".")[0] not in known:
                raise RegistryError(
                    f"plugin {item.owner}: {subscriber.job.name} takes {name}: "
                    f"its manifest does not require {name.split('.')[0]}"
                )
            found.setdefault(subscriber.event, []).append(subscriber)
    return {kind: tuple(entries) for kind, entries in found.items()}
