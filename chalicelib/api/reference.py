"""`/openapi.json` and `/docs`: the API's description of itself, and a page to read and try it. Open to all.

The files are read when they are asked for, never at import: every function would pay for it.
"""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final

from chalice.app import Blueprint

from .. import deployment
from ..domain.errors import NotFound
from .call import Answer, Call
from .routing import public

blueprint = Blueprint(__name__)
DOCUMENT: Final = Path(__file__).parent / "pages" / "openapi.json"
_REFERENCE_TYPES: Final = {
    "docs.html": "text/html; charset=utf-8",
    "docs.css": "text/css; charset=utf-8",
    "docs.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
}
REFERENCE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
)
"""The page takes nothing from other hosts and runs nothing that is written into it. Pictures in the style sheet are data."""


@public(blueprint, "/openapi.json")
def read_document(call: Call) -> Answer[str]:
    """This document."""
    return _file_answer(call, DOCUMENT.name, "application/json")


def read_docs(call: Call) -> Answer[str]:
    """A page to read this document and to try it. Its links are relative, so that an address with a slash is led to the one without."""
    if call.slashed:
        return Answer("", 308, {"Content-Type": _REFERENCE_TYPES["docs.html"], "Location": "../docs"})
    return _file_answer(call, "docs.html", _REFERENCE_TYPES["docs.html"])


def read_docs_file(call: Call) -> Answer[str]:
    """What the page loads."""
    name = call.params["file"]
    if name not in _REFERENCE_TYPES:
        raise NotFound(f"there is no file {name}")
    return _file_answer(call, name, _REFERENCE_TYPES[name])


if deployment.serves_docs():
    public(blueprint, "/docs")(read_docs)
    public(blueprint, "/docs/{file}")(read_docs_file)


def _file_answer(call: Call, name: str, content_type: str) -> Answer[str]:
    """A file, or 304 for who has it."""
    text, tag = _read_file(name)
    headers = {"Content-Type": content_type, "ETag": tag, "Cache-Control": "no-cache", "Content-Security-Policy": REFERENCE_POLICY}
    known = tag in call.headers.get("if-none-match", "")
    return Answer("", 304, headers) if known else Answer(text, 200, headers)


@lru_cache(maxsize=8)
def _read_file(name: str) -> tuple[str, str]:
    """A file's text and its ETag."""
    text = (DOCUMENT.parent / name).read_text(encoding="utf-8")
    return text, f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
