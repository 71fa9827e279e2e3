"""One HTTP call: what the caller sent, checked as far as the route doesn't matter."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import unquote

from chalice.app import Request

from ..domain import numbers
from ..domain.errors import BillingError, Fault, Invalid, Malformed, NotFound, UnsupportedMediaType, VersionMismatch
from ..domain.record import Brought
from ..usecases.act import Act, Services
from ..usecases.packages import ANY_VERSION
from ..wire import fields, jsontext
from ..wire.bodies import B, parse
from . import cursors, formats
from .query import DEFAULT_LIMIT

JSON_TYPES: Final = ("application/json",)
PATCH_TYPES: Final = ("application/json", "application/merge-patch+json")
CHARSETS: Final = ("utf-8", "utf8", "us-ascii", "ascii")
CODINGS: Final = ("", "identity", "gzip", "deflate")
_GZIP: Final = b"\x1f"
ID: Final = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._:\-]{1,64}", re.ASCII)
OTHER_IDS: Final = {"entry_id": re.compile(r"[A-Za-z0-9._:\-~]{1,300}", re.ASCII), "did": re.compile(r"[0-9]{3,20}", re.ASCII)}
_ETAG = re.compile(r'"([0-9]{1,18})"', re.ASCII)

T = TypeVar("T")


class Answer(NamedTuple):
    """What a route answers: JSON values, or a text of the `Content-Type` among its headers; a status; what it posted, for metrics."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = {}
    brought: Brought | None = None


class Call(NamedTuple):
    """A request on its way to a use case. `query` holds read parameters, `json` the parsed body, None when there was none.

    `form` is the media type that the answer will be written as; `slashed` says that the path was asked for with a slash at its end.
    `may_read`: whether the caller may be told what they have not written themselves.
    """

    services: Services
    act: Act
    params: Mapping[str, str]
    query: Mapping[str, Any]
    headers: Mapping[str, str]
    json: Any
    form: str = formats.JSON
    slashed: bool = False
    may_read: bool = True

    def body(self, model: type[B], *, ignoring: frozenset[str] = frozenset()) -> B:
        """The body as `model`, without the fields to ignore."""
        return parse(model, {k: v for k, v in self.json.items() if k not in ignoring} if isinstance(self.json, dict) else self.json)

    def version(self) -> int | None:
        """The version that `If-Match` demands, or any; None when it demands none. Raises `VersionMismatch` for no tag of ours."""
        given = self.headers.get("if-match")
        if given is None or given.strip() == "*":
            return None if given is None else ANY_VERSION
        tag = _ETAG.fullmatch(given.strip())
        if tag:
            return int(tag.group(1))
        raise VersionMismatch("If-Match names none of this resource's versions")

    def page(
        self, scope: str, load: Callable[[Any, int], tuple[list[T], Any]], show: Callable[[T], Any], *, skipping: bool = False
    ) -> Answer:
        """A page of a list: `load(after, limit)` gives items and where to go on: a key, or with `skipping` how many to skip.

        `scope` names the list that its cursors belong to. As CSV the list comes whole unless a page is asked for; raises
        `Invalid` too_many when it is too long for that.
        """
        cursor = self.query.get("cursor")
        after = None if cursor is None else cursors.read(scope, cursor)
        if after is not None and isinstance(after, int) != skipping:
            raise Malformed("the cursor was not given by this list")
        if self.form == formats.CSV and not self.query.keys() & {"limit", "cursor"}:
            items, last = _whole(load), None
        else:
            items, last = load(after, self.query.get("limit", DEFAULT_LIMIT))
        return Answer({"items": [show(item) for item in items], "next_cursor": cursors.write(scope, last)})


def _whole(load: Callable[[Any, int], tuple[list[T], Any]]) -> list[T]:
    """All of a list: the database ends a page after a megabyte, whatever the limit. Raises `Invalid` too_many."""
    items, last = load(None, formats.MOST_ROWS)
    while last is not None and len(items) < formats.MOST_ROWS:
        more, last = load(last, formats.MOST_ROWS - len(items))
        items = [*items, *more]
    if last is not None:
        detail = f"the list has more than {formats.MOST_ROWS} rows: narrow it, or ask page by page with limit and cursor"
        raise Invalid([Fault("/limit", detail)], code="too_many")
    return items


def decoded(params: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a path without percent-encoding: API Gateway passes them on as the client wrote them.

    The emulator has decoded them before. No id has a percent sign, so what is decoded twice can't become another id.
    """
    return {name: unquote(value) for name, value in params.items()}


def checked_params(params: Mapping[str, str], *, creates: bool) -> Mapping[str, str]:
    """The ids in the path, decoded. One that can't exist is not found; one to be created is invalid."""
    params = decoded(params)
    found = {name: (numbers.digits(value) or "") if name == "did" else value for name, value in params.items()}
    for name, value in found.items():
        if not OTHER_IDS.get(name, ID).fullmatch(value):
            error: BillingError = NotFound(f"there is no {name} like that")
            if creates:
                error = Invalid([Fault(f"/{name}", fields.ID_RULE)])
            raise error
    return found


def json_body(request: Request, types: tuple[str, ...], *, required: bool) -> Any:
    """The parsed body. Raises `UnsupportedMediaType`, `Malformed` and what `jsontext.read` raises."""
    raw = _raw(request)
    if not raw.strip():
        if required:
            raise Malformed("a JSON body is required")
        return None
    _demand_type(request, types)
    _demand_coding(request, raw)
    return jsontext.read(raw)


def csv_body(request: Request) -> str:
    """A body in CSV. Raises `UnsupportedMediaType`, `Malformed`, `TooLarge`."""
    raw = _raw(request)
    _demand_type(request, (formats.CSV,))
    _demand_coding(request, raw)
    jsontext.demand_size(raw)
    try:
        return raw.decode()
    except ValueError:
        raise Malformed("the file is not UTF-8; save it as CSV UTF-8") from None


def _raw(request: Request) -> bytes:
    raw = request.raw_body
    return raw.encode() if isinstance(raw, str) else raw


def _demand_type(request: Request, types: tuple[str, ...]) -> None:
    given, *parameters = (part.strip().lower() for part in request.headers.get("content-type", "").split(";"))
    if given not in types:
        told = f"{given} is not read here" if given else "the body has no Content-Type"
        raise UnsupportedMediaType(f"{told}; send {' or '.join(types)}")
    for name, _, value in (parameter.partition("=") for parameter in parameters):
        if name == "charset" and value.strip('"') not in CHARSETS:
            raise UnsupportedMediaType(f"charset {value} is not read here; send utf-8")


def _demand_coding(request: Request, raw: bytes) -> None:
    """Raise `UnsupportedMediaType` for a body that is compressed still. API Gateway decompresses, and leaves the header as it was."""
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in CODINGS or (coding == "gzip" and raw.startswith(_GZIP)):
        raise UnsupportedMediaType(f"Content-Encoding {coding} is not read here; send the body as it is")
