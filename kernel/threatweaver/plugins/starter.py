"""A plugin of one's own: the template, which the kernel carries, copied under another name."""

import re
from collections.abc import Collection, Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

LONGEST = 30
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_RESERVED = frozenset({"kernel", "licensing"})
"""The distributions threatweaver-kernel and threatweaver-licensing are there."""

# What lies about in a checkout after somebody worked on the template itself.
_PASSED_OVER = re.compile(r"__pycache__|build|dist|.*\.egg-info|\.(?!gitignore$|github$).*")
_OWN_NAME = re.compile(r"(?P<kebab>(?<=[-/])template\b)|(?P<upper>TEMPLATE)|(?P<title>Template)|template")


class StarterError(Exception):
    """No plugin can be started under this name, or in this place."""


def start(name: str, into: Path, *, taken: Collection[str] = ()) -> Path:
    """Write a complete plugin of that name into a new folder, and return the folder.

    `taken` are names of plugins, and prefixes of paths, that somebody has already. Raises StarterError.
    """
    _check(name, taken)
    target = into / name
    try:
        target.mkdir(parents=True)
    except FileExistsError:
        raise StarterError(f"{target} is there already") from None
    except OSError as error:
        raise StarterError(f"{target} cannot be made: {error.strerror}") from None
    for path, source in _walk(files("threatweaver") / "plugin_template", PurePosixPath()):
        written = target / renamed(str(path), name)
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(renamed(source.read_text(encoding="utf-8"), name), encoding="utf-8")
    return target


def _check(name: str, taken: Collection[str]) -> None:
    if not _NAME.fullmatch(name) or len(name) > LONGEST:
        raise StarterError(
            f"{name!r} is no name of a plugin: give up to {LONGEST} lower case letters, digits and inner _"
        )
    if name in _RESERVED or name in taken or f"/{_kebab(name)}" in taken:
        raise StarterError(f"{name} is taken: by the kernel, or by a plugin that is installed here")


def renamed(text: str, name: str) -> str:
    """Return a text of the template with the plugin's own name, in the spelling of each place.

    `threat_intel` is threatweaver-threat-intel and /threat-intel, THREAT_INTEL and Threat Intel.
    """
    spelled = {"kebab": _kebab(name), "upper": name.upper(), "title": name.replace("_", " ").title()}
    return _OWN_NAME.sub(lambda match: spelled.get(match.lastgroup or "", name), text)


def _kebab(name: str) -> str:
    return name.replace("_", "-")


def _walk(folder: Traversable, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, Traversable]]:
    for item in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if _PASSED_OVER.fullmatch(item.name):
            continue
        if item.is_dir():
            yield from _walk(item, path / item.name)
        else:
            yield path / item.name, item
