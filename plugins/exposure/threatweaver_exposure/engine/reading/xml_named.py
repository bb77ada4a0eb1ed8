"""The elements of an XML file by their names without prefixes, wherever in it they stand."""

from collections.abc import Collection, Iterator
from typing import BinaryIO

from lxml.etree import QName

from threatweaver_exposure.engine.growing import Element, GrowingTree
from threatweaver_exposure.engine.reading.xml_children import Reader, read_head, root_of

_CHUNK = 256 * 1024


def name_of(element: Element) -> str:
    """Return the name of an element without its namespace."""
    return str(QName(element).localname)


def named(stream: BinaryIO, names: Collection[str]) -> Iterator[Element]:
    """Yield every element of one of these names, at any depth, but not those inside of it.

    An element is complete when it is yielded, and removed after it, as all else is: `getparent()` shows
    attributes of those around it. Its children are found as `{*}name`. Raises ReportError.
    """
    head = read_head(stream)
    tree, reader = GrowingTree(head, root_of(head), doctype=True), _ByName(names)
    while data := stream.read(_CHUNK):
        yield from reader.take(tree, ended=False)
        tree.feed(data)
    yield from reader.take(tree, ended=False)
    tree.close()
    yield from reader.take(tree, ended=True)


class _ByName(Reader):
    def __init__(self, names: Collection[str]) -> None:
        super().__init__(())
        self._wanted = frozenset(names)

    def below(
        self, tree: GrowingTree, parent: Element, path: tuple[str, ...], *, ended: bool
    ) -> Iterator[Element]:
        found = parent[:]
        for number, child in enumerate(found):
            over = ended or number < len(found) - 1
            if isinstance(child.tag, str):  # else it is a processing instruction
                wanted = name_of(child) in self._wanted
                if not wanted:
                    yield from self.below(tree, child, path, ended=over)
                if over:
                    self.spot_check(child)
                if over and wanted:
                    yield child
            if over:
                parent.remove(child)
                tree.released()
