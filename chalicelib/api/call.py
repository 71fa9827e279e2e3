"""One HTTP call: what the caller sent, checked as far as the route doesn't matter."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from typing import Any, Final, Generic, NamedTuple, TypeVar
from urllib.parse import unquote

from chalice.app import Request

from ..domain import numbers
from ..domain.errors import BillingError, Fault, Invalid, Malformed, NotFound, UnsupportedMediaType, VersionMismatch
from ..domain.record import WorkResult
from ..usecases.packages import ANY_VERSION
from ..usecases.request_context import RequestContext, Services
from ..wire import answers, fields, jsontext
from ..wire.bodies import B, parse
from . import cursors, formats
from .query import DEFAULT_LIMIT, ENTRY_ID_PATTERN

JSON_TYPES: Final = ("application/json",)
PATCH_TYPES: Final = ("application/json", "application/merge-patch+json")
CHARSETS: Final = ("utf-8", "utf8", "us-ascii", "ascii")
CODINGS: Final = ("", "identity", "gzip", "deflate")
_GZIP: Final = b"\x1f"
OTHER_IDS: Final = {"entry_id": ENTRY_ID_PATTERN, "did": re.compile(r"[0-9]{3,20}", re.ASCII)}
_ETAG = re.compile(r'"([0-9]{1,18})"', re.ASCII)

T = TypeVar("T")
Shown = TypeVar("Shown")


class Answer(NamedTuple, Generic[Shown]):
    """What a route answers: JSON values, or a text of the `Content-Type` among its headers; a status; what it posted, for metrics.

    The type of its body is what OpenAPI says of the route.
    """

    body: Shown
    status: int = 200
    headers: Mapping[str, str] = {}
    work_result: WorkResult | None = None


class Sent(NamedTuple):
    """The body of a request: what its JSON says, or the text of a CSV file. Both are None when there was no body."""

    json: Any = None
    csv: str | None = None


BodyReader = Callable[[Request], Sent]
"""Takes the body of a request. Raises `Malformed`, `UnsupportedMediaType`, `TooLarge`, `Invalid`."""


class Call(NamedTuple):
    """A request on its way to a use case. `query` holds read parameters, `json` or `csv` the body as `Sent` has it.

    `form` is the media type that the answer will be written as; `slashed` says that the path was asked for with a slash at its end.
    `may_read`: whether the caller may be told what they have not written themselves; `may_write`: whether they may change what is sold.
    """

    services: Services
    context: RequestContext
    params: Mapping[str, str]
    query: Mapping[str, Any]
    headers: Mapping[str, str]
    json: Any = None
    csv: str | None = None
    form: str = formats.JSON
    slashed: bool = False
    may_read: bool = True
    may_write: bool = True

    def body(self, model: type[B], *, ignoring: frozenset[str] = frozenset()) -> B:
        """The body as `model`, without the fields to ignore."""
        return parse(model, {k: v for k, v in self.json.items() if k not in ignoring} if isinstance(self.json, dict) else self.json)

    def named(self, names: Iterable[str]) -> Collection[str]:
        """Those of some fields that the body gives a value."""
        return self.json.keys() & set(names) if isinstance(self.json, dict) else ()

    def day(self, name: str) -> date:
        """A day in the path. Raises `Invalid` for none."""
        try:
            return fields.parse_date(self.params[name])
        except ValueError as error:
            raise Invalid([Fault(f"/{name}", str(error))]) from None

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
        self, scope: str, load: Callable[[Any, int], tuple[list[T], Any]], show: Callable[[T], Shown], *, skipping: bool = False
    ) -> Answer[answers.Page[Shown]]:
        """A page of a list: `load(after, limit)` gives items and where to go on: a key, or with `skipping` how many to skip.

        `scope` names the list that its cursors belong to. As CSV the list comes whole unless a page is asked for; raises
        `Invalid` too_many when it is too long for that.
        """
        cursor = self.query.get("cursor")
        after = None if cursor is None else cursors.read_cursor(scope, cursor)
        if after is not None and isinstance(after, int) != skipping:
            raise Malformed("the cursor was not given by this list")
        if self.form == formats.CSV and not self.query.keys() & {"limit", "cursor"}:
            items, last = _whole_list(load), None
        else:
            items, last = load(after, self.query.get("limit", DEFAULT_LIMIT))
        return Answer({"items": [show(item) for item in items], "next_cursor": cursors.write_cursor(scope, last)})


def _whole_list(load: Callable[[Any, int], tuple[list[T], Any]]) -> list[T]:
    """All of a list: the database ends a page after a megabyte, whatever the limit. Raises `Invalid` too_many."""
    items, last = load(None, formats.CSV_ROWS_MAX)
    while last is not None and len(items) < formats.CSV_ROWS_MAX:
        more, last = load(last, formats.CSV_ROWS_MAX - len(items))
        items = [*items, *more]
    if last is not None:
        detail = f"the list has more than {formats.CSV_ROWS_MAX} rows: narrow it, or ask page by page with limit and cursor"
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
        if not OTHER_IDS.get(name, fields.ID_PATTERN).fullmatch(value):
            error: BillingError = NotFound(f"there is no {name} like that")
            if creates:
                error = Invalid([Fault(f"/{name}", fields.ID_RULE)])
            raise error
    return found


def unread(_request: Request) -> Sent:
    """Nothing, whatever there is: bodies of GET and DELETE mean nothing."""
    return Sent()


def nothing_sent(request: Request) -> Sent:
    """No body, or an empty one. Raises `Invalid` for one with fields."""
    parsed = _json(request, JSON_TYPES)
    if parsed:
        names = [jsontext.pointer(name) for name in parsed] if isinstance(parsed, dict) else [""]
        raise Invalid([Fault(name, "this request takes no body") for name in names])
    return Sent(parsed)


def json_sent(request: Request) -> Sent:
    """A body of JSON; there has to be one."""
    return _demand_json(request, JSON_TYPES)


def patch_sent(request: Request) -> Sent:
    """A merge patch; there has to be one."""
    return _demand_json(request, PATCH_TYPES)


def file_sent(request: Request) -> Sent:
    """A file in CSV."""
    raw = _raw(request)
    _demand_type(request, (formats.CSV,))
    _demand_coding(request, raw)
    jsontext.demand_size(raw, jsontext.FILE_BYTES_MAX)
    try:
        return Sent(csv=raw.decode())
    except ValueError:
        raise Malformed("the file is not UTF-8; save it as CSV UTF-8") from None


def _demand_json(request: Request, types: tuple[str, ...]) -> Sent:
    if not _raw(request).strip():
        raise Malformed("a JSON body is required")
    return Sent(_json(request, types))


def _json(request: Request, types: tuple[str, ...]) -> Any:
    """The parsed body; None without one."""
    raw = _raw(request)
    if not raw.strip():
        return None
    _demand_type(request, types)
    _demand_coding(request, raw)
    return jsontext.read_json(raw)


def _raw(request: Request) -> bytes:
    raw = request.raw_body
    return raw.encode() if isinstance(raw, str) else raw


def _demand_type(request: Request, types: tuple[str, ...]) -> None:
    given, *parameters = (part.strip().lower() for part in request.headers.get("content-type", "").split(";"))
    if given not in types:
        refusal = f"{given} is not accepted" if given else "the body has no Content-Type"
        raise UnsupportedMediaType(f"{refusal}; send {' or '.join(types)}")
    for name, _, value in (parameter.partition("=") for parameter in parameters):
        if name == "charset" and value.strip('"') not in CHARSETS:
            raise UnsupportedMediaType(f"charset {value} is not accepted; send utf-8")


def _demand_coding(request: Request, raw: bytes) -> None:
    """Raise `UnsupportedMediaType` for a body that is compressed still. API Gateway decompresses, and leaves the header as it was."""
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in CODINGS or (coding == "gzip" and raw.startswith(_GZIP)):
        raise UnsupportedMediaType(f"Content-Encoding {coding} is not accepted; send the body as it is")
