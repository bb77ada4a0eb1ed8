"""The elements of an XML file, each handed over when it is complete and then removed."""

import re
from collections.abc import Collection, Iterator
from random import random
from typing import BinaryIO

from threatweaver.reports import ReportError, ReportFault
from threatweaver_exposure.engine.growing import Element, GrowingTree
from threatweaver_exposure.engine.prolog import HEAD_SIZE, read_prolog

_CHUNK = 256 * 1024
_MOST_NAMES = 2_000
_SAMPLE = 1 / 16
# A license text that somebody put before the XML declaration: no XML any more, and yet readable.
_BEFORE = re.compile(rb"\A\s*+(?:<!--.*?-->\s*+)+(?=<\?xml\s)", re.DOTALL)
# With a default namespace no element would be found by its plain name.
_DEFAULT_NAMESPACE = re.compile(rb"""(<[A-Za-z][^\s<>]*(?:\s[^<>]*?)?)\sxmlns\s*=\s*(?:"[^"<]*"|'[^'<]*')""")


def root_of(head: bytes) -> str:
    """Return the name of an XML file's root element, or of its document type; "" when it is none."""
    prolog = read_prolog(head)
    return prolog.root if prolog is not None else ""


def children(stream: BinaryIO, root: str, *containers: str) -> Iterator[Element]:
    """Yield every child of the root and of the containers below it, but the containers themselves.

    A container is named by its path below the root, as in `Report/ReportHost`. An element is complete when
    it is yielded, and removed after it: `getparent()` shows the container, earlier siblings are gone.
    A default namespace is left out. A document type is allowed if it declares no entity. Raises ReportError.
    """
    head = _DEFAULT_NAMESPACE.sub(rb"\1", read_head(stream), count=1)
    tree = GrowingTree(head, root, doctype=True)
    reader = Reader(frozenset(tuple(path.split("/")) for path in containers))
    while data := stream.read(_CHUNK):
        yield from reader.take(tree, ended=False)
        tree.feed(data)
    yield from reader.take(tree, ended=False)
    tree.close()
    yield from reader.take(tree, ended=True)


class Reader:
    """Hands over what is complete of a growing tree, and removes it."""

    def __init__(self, containers: Collection[tuple[str, ...]]) -> None:
        self._containers = containers
        self._names: set[object] = set()

    def take(self, tree: GrowingTree, *, ended: bool) -> Iterator[Element]:
        """Yield what has become complete."""
        if tree.root is not None:
            yield from self.below(tree, tree.root, (), ended=ended)

    def below(
        self, tree: GrowingTree, parent: Element, path: tuple[str, ...], *, ended: bool
    ) -> Iterator[Element]:
        """Yield what is complete below an element at a path."""
        found = parent[:]
        for number, child in enumerate(found):
            over = ended or number < len(found) - 1
            inner = (*path, child.tag)
            if inner in self._containers:
                yield from self.below(tree, child, inner, ended=over)
            elif over:
                self.spot_check(child)
                yield child
            if over:
                parent.remove(child)
                tree.released()

    def spot_check(self, element: Element) -> None:
        """Refuse a report that makes up names: the parser keeps each one for as long as its thread lives."""
        if random() > _SAMPLE:  # noqa: S311  unpredictable enough for a sample
            return
        for node in element.iter("*"):
            self._names.update((node.tag, *node.keys()))
        if len(self._names) > _MOST_NAMES:
            raise ReportError(ReportFault.LIMIT, f"the report uses more than {_MOST_NAMES} names of elements")


def read_head(stream: BinaryIO) -> bytes:
    """Return the beginning of a file, from its XML declaration or what stands in its place."""
    head = b""
    while len(head) < HEAD_SIZE and (data := stream.read(HEAD_SIZE - len(head))):
        head += data
    return _BEFORE.sub(b"", head, count=1)


def text_of(parent: Element, path: str) -> str:
    """Return the text below a path of a parent, without blanks around it; "" when there is none."""
    found = parent.find(path)
    return "" if found is None else "".join(found.itertext()).strip()
