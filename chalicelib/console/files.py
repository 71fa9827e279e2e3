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
_FILE_NAME = re.compile(r"[a-z0-9-]{1,40}\.(js|css|svg)", re.ASCII)
CONTENT_TYPES: Final = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
VENDORED: Final = frozenset(("preact.js", "oauth.js"))
_INDENT = re.compile(r"^[ ]+", re.MULTILINE)
_LEFT_OUT = re.compile(r"^//[^\n]*$|^/\*.*?\*/| // [^\n]*$", re.MULTILINE | re.DOTALL)
"""Comments: a fifth of our files is for those who read them."""
_EMPTY_LINES = re.compile(r"\n{2,}")
_STYLE_SPACE = re.compile(r" (?=[{}])|(?<=[{};:,]) |;(?=\s*})")
"""Spaces and semicolons of a style sheet that mean nothing. Those before a colon do: "a :hover" is another selector than "a:hover"."""
_IMPORTED = re.compile(r"""from\s*["']\./([^"']+)["']""")
INDEX_FILE: Final = "index.html"


def file_names() -> list[str]:
    """What a page can load."""
    return sorted(path.name for path in _FOLDER.iterdir() if _FILE_NAME.fullmatch(path.name))


@lru_cache(maxsize=64)
def file_text(name: str) -> str | None:
    """A file's content; None when there is no such file."""
    path = _FOLDER / name
    if not (_FILE_NAME.fullmatch(name) and path.is_file()):
        return None
    source = path.read_text(encoding="utf-8")
    if name in VENDORED:
        return source
    text = _EMPTY_LINES.sub("\n", _LEFT_OUT.sub("", _INDENT.sub("", source)))
    return _STYLE_SPACE.sub("", text) if name.endswith(".css") else text


def content_type(name: str) -> str:
    """The media type that a file's name stands for."""
    return f"{CONTENT_TYPES[name.rpartition('.')[2]]}; charset=utf-8"


@lru_cache(maxsize=1)
def version() -> str:
    """The hash of all files."""
    digest = hashlib.sha256()
    for name in file_names():
        digest.update(f"{name}\0{file_text(name)}\0".encode())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=2)
def page_html(folder: str) -> str:
    """The page, whose files stand in `folder`, relative to its own address.

    The modules of its frame and of its first page are named in its head, so that a browser asks for all at once and not for one
    after the other. The other pages are loaded when they are opened.
    """
    where = f"{folder}{version()}/"
    own = sorted(_with_imports("main.js") | _with_imports("home.js"))
    preloads = "\n".join(f'    <link rel="modulepreload" href="{where}{name}">' for name in own)
    source = (_FOLDER / INDEX_FILE).read_text(encoding="utf-8")
    return source.replace("{folder}", where).replace("    {preloads}", preloads)


def _with_imports(name: str) -> set[str]:
    """A module, and those that it can't begin without."""
    found, waiting = set[str](), [name]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += _IMPORTED.findall(file_text(one) or "")
    return found
