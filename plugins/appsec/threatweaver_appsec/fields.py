"""Fields that several resources take: bounded lists of clean text, URLs of web applications."""

import re
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, validate
from tortoise.contrib.postgres.fields import ArrayField

CLEAN = validate.Regexp(r"\A[^\x00-\x1f\x7f]*\Z", error="Must not contain control characters.")
HEADER_NAME = validate.Regexp(r"\A[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}\Z")
_PATH = re.compile(r"/[^\x00-\x20\x7f?#]{0,499}\Z")


def text(low: int, high: int, **options: Any) -> fields.String:
    """A line of so many characters."""
    return fields.String(validate=[validate.Length(low, high), CLEAN], **options)


def prose(low: int, high: int, **options: Any) -> fields.String:
    """Several lines of so many characters."""
    clean = validate.Regexp(r"\A[^\x00]*\Z", flags=re.DOTALL, error="Must not contain the NUL character.")
    return fields.String(validate=[validate.Length(low, high), clean], **options)


def lines(most: int, longest: int, **options: Any) -> fields.List[str]:
    """At most so many lines, each of at most so many characters."""
    return fields.List(text(1, longest), validate=validate.Length(0, most), **options)


def texts(**options: Any) -> Any:
    """A column with a list of texts."""
    return ArrayField(element_type="text", default=list, **options)


def ids(**options: Any) -> Any:
    """A column with a list of ids."""
    return ArrayField(element_type="uuid", default=list, **options)


class WebUrl(fields.String):
    """An http(s) URL without credentials and fragment, of at most 2,000 characters."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        given = str(super()._deserialize(value, attr, data, **options))
        if len(given) > 2000 or re.search(r"[\x00-\x20\x7f\\]", given):
            raise ValidationError("Must be an http(s) URL.")
        try:
            parts = urlsplit(given)
            port = parts.port
        except ValueError:
            raise ValidationError("Must be an http(s) URL.") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.fragment or port == 0:
            raise ValidationError("Must be an http(s) URL.")
        if "@" in parts.netloc:
            raise ValidationError("Must not contain credentials.")
        return given


class PathPrefix(fields.String):
    """A path below which something holds, /shop for instance."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        given = str(super()._deserialize(value, attr, data, **options))
        if not _PATH.match(given):
            raise ValidationError("Must be a path like /shop.")
        return given
