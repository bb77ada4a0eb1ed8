"""The parts of docs/ that the code writes: hooks, events, errors."""

import ast
import inspect
import pkgutil
from dataclasses import MISSING, fields
from importlib import import_module

import surface

from threatweaver import sdk
from threatweaver.http.errors import ApiError


def hooks():
    return "\n".join(_hook(node) for _, node in surface.hooks())


def _hook(node):
    returned = ast.unparse(node.returns).strip("'\"")
    item = returned.removeprefix("Sequence[").removesuffix("]")
    what = surface.description(item) if item in sdk.__all__ else None
    said = f"\n**{item}**: {_prose(what)}\n" if what else ""
    return f"## {node.name}\n\n`{node.name}() -> {returned}`\n\n{_prose(ast.get_docstring(node))}\n{said}"


def _prose(text):
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def events(registry):
    parts, owner = [], None
    for kind, name in registry.event_types.items():
        of, short = name.split(".")
        if of != owner:
            parts.append(f"{'' if owner is None else chr(10)}## {of.capitalize()}\n")
            owner = of
        parts.append(
            f"\n### {short}\n\n{_prose(inspect.getdoc(kind))}\n\n| Field | Type | Default |\n|---|---|---|\n"
        )
        parts += [f"| `{item.name}` | {_type(item.type)} | {_default(item)} |\n" for item in fields(kind)]
    return "".join(parts)


def _type(kind):
    return getattr(kind, "__name__", str(kind)).replace("|", "or")


def _default(item):
    return "" if item.default is MISSING else f"`{item.default!r}`"


def errors(registry):
    found = sorted(
        classes(registry), key=lambda item: (item.status, item.code, item.__module__, item.__name__)
    )
    lines = [f"| {item.status} | `{item.code}` | {_message(item)} | {_owner(item)} |\n" for item in found]
    return f"| Status | Code | Message | Of |\n|---|---|---|---|\n{''.join(dict.fromkeys(lines))}"


def _message(item):
    return item.default_message().replace("|", "\\|")


def _owner(item):
    return item.__module__.split(".")[0].removeprefix("threatweaver").removeprefix("_") or "kernel"


def classes(registry):
    """Every error of kernel and plugins; all of their modules are imported, so that none is missed."""
    packages = ("threatweaver", *(item.manifest.package for item in registry.decisions if item.admitted))
    for package in packages:
        for module in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
            if not module.name.endswith(".__main__") and "migrations" not in module.name:
                import_module(module.name)
    waiting = [ApiError]
    while waiting:
        item = waiting.pop()
        waiting += item.__subclasses__()
        if item is not ApiError and item.__module__.split(".")[0] in packages:
            yield item
