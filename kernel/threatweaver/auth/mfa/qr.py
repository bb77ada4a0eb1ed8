"""The QR code of an otpauth URI as a data URI."""

import io
from base64 import b64encode
from typing import Literal

import segno

Kind = Literal["svg", "png"]
_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


def data_uri(text: str, kind: Kind) -> str:
    """Return an image that shows the text, four pixels a module."""
    image = io.BytesIO()
    segno.make(text, error="m", micro=False).save(image, kind=kind, scale=4)
    return f"data:{_TYPES[kind]};base64,{b64encode(image.getvalue()).decode()}"
