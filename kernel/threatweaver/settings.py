"""Settings of plugins: declared, typed, read once from TW_<PLUGIN>_<NAME>."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from threatweaver.config import PREFIX, ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A whole number or a text, with its default and one sentence for the operator."""

    name: str
    default: int | str
    title: str
    minimum: int = 0


def read(plugin: str, declared: Iterable[Setting], given: Mapping[str, str]) -> dict[str, int | str]:
    """Return name → value for one plugin. Raises ConfigError for an unknown name or a bad value."""
    table = {f"{PREFIX}{plugin.upper()}_{item.name.upper()}": item for item in declared}
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


def _value(variable: str, item: Setting, text: str) -> int | str:
    if isinstance(item.default, str):
        return text
    if not text.strip().isdigit() or int(text) < item.minimum:
        raise ConfigError(f"{variable} must be a whole number of at least {item.minimum}")
    return int(text)
