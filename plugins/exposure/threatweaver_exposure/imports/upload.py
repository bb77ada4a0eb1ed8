"""How a report is handed in."""

from collections.abc import Mapping

from threatweaver.sdk import Upload

_BINARY = {"type": "string", "format": "binary", "minLength": 1}


FILE = {
    "multipart/form-data": {
        "type": "object",
        "required": ["file"],
        "properties": {"file": _BINARY},
        "additionalProperties": False,
    },
    "application/octet-stream": _BINARY,
}
"""The two ways of handing in a file, in the words of the document."""


def max_bytes(settings: Mapping[str, Mapping[str, int | str]]) -> int:
    """Return the size limit of a report, decompressed."""
    return int(settings["exposure"]["import_max_bytes"])


REPORT_FILE = Upload(
    max_bytes=max_bytes,
    description="A report, plain or gzip: the form field `file`, or the raw body with X-Filename.",
    content=FILE,
)
