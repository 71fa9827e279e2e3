"""Opaque cursors: where a list goes on, bound to the list that gave them."""

import base64
import binascii
import hashlib
import json
import re
from typing import Any

from ..domain.errors import Malformed

_PLAUSIBLE = re.compile(r'[0-9]{1,9}|\{("[a-z_]{1,20}":"[^"\\]{1,1000}",?){2,4}\}', re.ASCII)
"""A number, or a DynamoDB key; the seal is no secret, so its content is checked too."""


def write_cursor(scope: str, last: Any) -> str | None:
    """The cursor for going on after `last` in the list `scope`; None at the end."""
    if last is None:
        return None
    text = json.dumps(last, separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode((_seal(scope, text) + text).encode()).decode().rstrip("=")


def read_cursor(scope: str, cursor: str) -> Any:
    """What `write` was given: a key, or how many to skip. Raises `Malformed` for a cursor that this list did not give."""
    try:
        plain = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error):
        plain = ""
    seal, text = plain[:16], plain[16:]
    if not text or seal != _seal(scope, text) or not _PLAUSIBLE.fullmatch(text):
        raise Malformed("the cursor was not given by this list")
    return json.loads(text)


def _seal(scope: str, text: str) -> str:
    """Not a secret, a check: a cursor says only where in the caller's own list to go on."""
    return hashlib.sha256(f"{scope}\n{text}".encode()).hexdigest()[:16]
