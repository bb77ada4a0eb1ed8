"""An XML tree that is read and trimmed while the parser still builds it."""

from typing import Any

from lxml import etree

from threatweaver.reports import ReportError, ReportFault
from threatweaver_exposure.engine.prolog import read_prolog

Element = Any  # lxml ships no types

PENDING_BYTES = 16 * 1024 * 1024
CROWD_BYTES = 4 * 1024 * 1024
CROWD_ELEMENTS = 200_000
CROWD_NODES = 400_000  # elements and attributes
TAG_BYTES = 2 * 1024 * 1024
INSTRUCTIONS = 1_000

_HANDLE = "<?threatweaver?>"
_BLANK = b" \t\r\n\0"
_ENTITIES = (etree.ErrorTypes.ERR_UNDECLARED_ENTITY, etree.ErrorTypes.WAR_UNDECLARED_ENTITY)
_LIMITS = (
    etree.ErrorTypes.ERR_RESOURCE_LIMIT,
    etree.ErrorTypes.ERR_NAME_TOO_LONG,
    etree.ErrorTypes.ERR_NO_MEMORY,
)


class GrowingTree:
    """Feeds bytes to a hardened lxml parser and shows the tree so far.

    iterparse calls back into Python for every tag and takes the interpreter lock each time; beside another
    busy thread that is hundreds of times slower. Here one processing instruction of our own, put before the
    root element, is the only event and the way into the tree, and whole chunks are parsed without the lock.
    The consumer removes what it has read: all but the last child of an element are complete. A document
    type is refused, or with `doctype` one that declares an entity.
    """

    def __init__(self, head: bytes, root: str, *, doctype: bool = False) -> None:
        self._doctype = doctype
        prolog = read_prolog(head)
        if prolog is not None and prolog.doctype and not doctype:
            raise ReportError(ReportFault.FORBIDDEN_XML, "the report has a document type declaration")
        if prolog is None or prolog.root != root:
            raise ReportError(ReportFault.UNSUPPORTED, f"the file does not begin with a {root} element")
        self._parser = etree.XMLPullParser(
            events=("pi",),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_blank_text=True,
            collect_ids=False,
        )
        self._name = root
        self._handle: Element = None
        self._root: Element = None
        self._instructions = 0
        self._pending = 0
        self._tag = 0
        self._tail = b""
        handle = _HANDLE.encode(prolog.encoding)
        self.feed(head[prolog.start : prolog.body] + handle + head[prolog.body :])

    @property
    def root(self) -> Element:
        """The root element, or None before its start tag has been read."""
        return self._root

    def feed(self, data: bytes) -> None:
        """Parse more of the file."""
        self._pending += len(data)
        self._check_tag(data)
        # zero bytes go, so that the end of a file reads the same in UTF-16
        self._tail = (self._tail + data.rstrip(_BLANK)[-128:].replace(b"\0", b""))[-64:]
        try:
            self._parser.feed(data)
        except etree.XMLSyntaxError as error:
            raise _translate(error) from None
        self._check_log()
        self._take_instructions()
        self._find_root()
        if self._pending > CROWD_BYTES:
            self._check_pending()

    def released(self) -> None:
        """Say that the consumer has removed what it read, which is what bounds the memory."""
        self._pending = 0

    def close(self) -> None:
        """End the file; after this every element is complete."""
        try:
            self._parser.close()
        except etree.XMLSyntaxError as error:
            if error.code in _LIMITS:
                raise _translate(error) from None
            if self._tail.endswith(f"</{self._name}>".encode()):
                raise _translate(error) from None
            raise ReportError(
                ReportFault.TRUNCATED,
                f"the report ends in the middle, on line {error.lineno}",
                line=error.lineno,
            ) from None
        self._find_root()

    def _take_instructions(self) -> None:
        for _, node in self._parser.read_events():
            if self._handle is None:
                self._handle = node
            self._instructions += 1
        if self._instructions > INSTRUCTIONS:
            raise ReportError(
                ReportFault.LIMIT, f"the report has more than {INSTRUCTIONS} processing instructions"
            )

    def _check_log(self) -> None:
        """Refuse an undeclared entity, at which lxml stops building the tree without raising an error."""
        for entry in self._parser.feed_error_log.filter_types(_ENTITIES):
            text = f"line {entry.line} of the report is not XML: {entry.message}"
            raise ReportError(ReportFault.MALFORMED, text, line=entry.line)

    def _find_root(self) -> None:
        """Find the root element and trust the parser over the reading of the head, should the two differ."""
        if self._root is not None or self._handle is None:
            return
        self._root = next(self._handle.itersiblings("*"), None)
        if self._root is None:
            return
        declared = self._root.getroottree().docinfo.internalDTD
        if declared is not None and not self._doctype:
            raise ReportError(ReportFault.FORBIDDEN_XML, "the report has a document type declaration")
        if declared is not None and any(declared.iterentities()):
            raise ReportError(ReportFault.FORBIDDEN_XML, "the report declares an entity")
        if etree.QName(self._root).localname != self._name.rpartition(":")[2]:
            raise ReportError(ReportFault.UNSUPPORTED, f"the file does not begin with a {self._name} element")

    def _check_tag(self, data: bytes) -> None:
        """Refuse a tag that is too long: before the parser sees its end there are no attributes to count."""
        begins = data.rfind(b"<")
        if data.rfind(b">") > begins:
            self._tag = 0
        elif begins >= 0:
            self._tag = len(data) - begins
        elif self._tag:
            self._tag += len(data)
        if self._tag > TAG_BYTES:
            raise ReportError(ReportFault.LIMIT, "one tag of the report is too large")

    def _check_pending(self) -> None:
        if self._pending > PENDING_BYTES or self._is_crowded():
            raise ReportError(ReportFault.LIMIT, "one element of the report is too large")

    def _is_crowded(self) -> bool:
        if self._root is None:
            return False
        elements = self._root.xpath("count(//*)")
        return bool(elements > CROWD_ELEMENTS or elements + self._root.xpath("count(//@*)") > CROWD_NODES)


def _translate(error: etree.XMLSyntaxError) -> ReportError:
    reason = error.msg.partition(", line ")[0].strip()
    line = error.lineno
    if error.code in _LIMITS:
        return ReportError(
            ReportFault.LIMIT, f"line {line} of the report goes past a limit: {reason}", line=line
        )
    return ReportError(ReportFault.MALFORMED, f"line {line} of the report is not XML: {reason}", line=line)
