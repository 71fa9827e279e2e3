"""The console's files: read when they are asked for, never at import, for every function would pay for it.

All of them share one version, the hash of their content, which is part of their address: a browser keeps them for good,
and a new release has new addresses. Their names have no folders, because a route's parameter holds no slash.
"""

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent / "static"
_NAME = re.compile(r"[a-z0-9-]{1,40}\.(js|css|svg)", re.ASCII)
TYPES: Final = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
VENDORED: Final = frozenset(("preact.js", "oauth.js"))
_INDENT = re.compile(r"^[ ]+", re.MULTILINE)
_LEFT_OUT = re.compile(r"^//[^\n]*$|^/\*.*?\*/", re.MULTILINE | re.DOTALL)
"""Comments on lines of their own: a fifth of our files is for those who read them, and lines keep their numbers without."""
PAGE: Final = "index.html"


def names() -> list[str]:
    """What a page can load."""
    return sorted(path.name for path in _FOLDER.iterdir() if _NAME.fullmatch(path.name))


@lru_cache(maxsize=64)
def text(name: str) -> str | None:
    """A file's content; None when there is no such file."""
    path = _FOLDER / name
    if not (_NAME.fullmatch(name) and path.is_file()):
        return None
    source = path.read_text(encoding="utf-8")
    return source if name in VENDORED else _LEFT_OUT.sub(_lines_only, _INDENT.sub("", source))


def _lines_only(comment: re.Match[str]) -> str:
    return "\n" * comment[0].count("\n")


def content_type(name: str) -> str:
    """The media type that a file's name stands for."""
    return f"{TYPES[name.rpartition('.')[2]]}; charset=utf-8"


@lru_cache(maxsize=1)
def version() -> str:
    """The hash of all files."""
    digest = hashlib.sha256()
    for name in names():
        digest.update(f"{name}\0{text(name)}\0".encode())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=2)
def page(folder: str) -> str:
    """The page, whose files stand in `folder`, relative to its own address.

    Its own modules are named in its head, so that a browser asks for all at once and not for one after the other.
    """
    where = f"{folder}{version()}/"
    own = [name for name in names() if name.endswith(".js") and name not in LATER]
    preloads = "\n".join(f'    <link rel="modulepreload" href="{where}{name}">' for name in own)
    source = (_FOLDER / PAGE).read_text(encoding="utf-8")
    return source.replace("{folder}", where).replace("    {preloads}", preloads)


LATER: Final = frozenset(("oauth.js", "theme.js"))
"""What only some visits need, or what the page loads by itself."""
