"""Settings of plugins: declared, typed, read once from TW_<PLUGIN>_<NAME>."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from threatweaver.config import PREFIX, ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A setting TW_<PLUGIN>_<NAME>: a whole number or a text, as its default is, with a title for operators.

    `minimum` is that of a number. Values are in `ctx.kernel.registry.settings[plugin][name]`, in a job in
    `run.settings[plugin][name]`. A wrong or unknown one stops the start.
    """

    name: str
    default: int | str
    title: str
    minimum: int = 0


def read(plugin: str, declared: Iterable[Setting], given: Mapping[str, str]) -> dict[str, int | str]:
    """Return name → value for one plugin. Raises ConfigError for an unknown name or a bad value."""
    table = {f"{PREFIX}{plugin.upper()}_{item.name.upper()}": item for item in declared}
    given = {variable: text for variable, text in given.items() if text != ""}
    values: dict[str, int | str] = {item.name: item.default for item in table.values()}
    for variable, text in given.items():
        if not variable.startswith(f"{PREFIX}{plugin.upper()}_"):
            continue
        if variable not in table:
            raise ConfigError(
                f"unknown setting {variable}; {plugin} has {', '.join(sorted(table)) or 'none'}"
            )
        values[table[variable].name] = _value(variable, table[variable], text)
    return values


def owned(plugin: str, plugins: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of one plugin: of `scan` and `scan_pro`, the longer name wins."""
    longest_first = sorted(plugins, key=len, reverse=True)

    def owner(variable: str) -> str | None:
        return next((n for n in longest_first if variable.startswith(f"{PREFIX}{n.upper()}_")), None)

    return {variable: text for variable, text in given.items() if owner(variable) == plugin}


def _value(variable: str, item: Setting, text: str) -> int | str:
    if isinstance(item.default, str):
        return text
    value = int(text) if re.fullmatch(r"\s*[0-9]{1,18}\s*", text) else -1
    if value < item.minimum:
        raise ConfigError(f"{variable} must be a whole number of at least {item.minimum}")
    return value
