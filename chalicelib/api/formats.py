"""How an answer is written: as JSON, or as one of the other media types of its route, by what `Accept` weighs (RFC 9110, 12.5.1).

Problems are always JSON. So is an answer that is not the thing itself, for example 202 for a run under way.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from chalice.app import Response

from ..domain.errors import Fault, Invalid

JSON: Final = "application/json"
CSV: Final = "text/csv"
HTML: Final = "text/html"
CSV_ROWS_MAX: Final = 10_000
"""Of a list that is written whole."""
ANSWER_BYTES_MAX: Final = 5_500_000
"""Of any answer, problems included: Lambda returns 6 MB, with what JSON's quoting adds to a text."""
_QUOTED_BYTES_MAX: Final = 12
"""Bytes that quoting makes of one character at most."""

Renderer = Callable[[Any], str]
"""From the JSON values of an answer to its text."""

_MEDIA_RANGE: Final = r"\s*([^\s;,/]+)/([^\s;,/]+)\s*((?:;[^,]*)?)"
_WEIGHT: Final = r";\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*(?:;|$)"
_UNSAFE: Final = r"[^A-Za-z0-9._-]+"


def report_page(body: Any) -> str:
    """A Run Package as a page; what makes pages is loaded when one is asked for, not in cold starts."""
    from ..wire import pages

    return pages.run_report(body)


def statement_page(body: Any) -> str:
    """A statement as a page."""
    from ..wire import pages

    return pages.statement(body)


def statement_as_csv(body: Any) -> str:
    """A statement as rows."""
    from ..wire import statement_views

    return statement_views.statement_csv(body)


def forecast_as_csv(body: Any) -> str:
    """The lines of a forecast."""
    from ..wire import forecast_views

    return forecast_views.forecast_csv(body)


def findings_csv(body: Any) -> str:
    """A list of an audit's findings."""
    from ..wire import audit_views

    return audit_views.findings_csv(body)


def reconciliation_as_csv(body: Any) -> str:
    """The sums of a reconciliation."""
    from ..wire import reconciliation_views

    return reconciliation_views.reconciliation_csv(body)


def discrepancies_as_csv(body: Any) -> str:
    """A list of a reconciliation's discrepancies."""
    from ..wire import reconciliation_views

    return reconciliation_views.discrepancies_csv(body)


def imported_rows_as_csv(body: Any) -> str:
    """A list of rows of an import."""
    from ..wire import import_views

    return import_views.imported_rows_csv(body)


def listed_items_as_csv(body: Any) -> str:
    """A list of what a change of many has met."""
    from ..wire import change_views

    return change_views.listed_items_csv(body)


def reconciliation_page(body: Any) -> str:
    """A reconciliation as a page."""
    from ..wire import pages

    return pages.reconciliation(body)


def forecast_sums_as_csv(body: Any) -> str:
    """The sums of a forecast of all customers."""
    from ..wire import forecast_of_all_views

    return forecast_of_all_views.forecast_sums_csv(body)


def forecast_customers_as_csv(body: Any) -> str:
    """The customers of a forecast of all."""
    from ..wire import forecast_of_all_views

    return forecast_of_all_views.forecast_customers_csv(body)


def overview_as_csv(body: Any) -> str:
    """The sums of the overview."""
    from ..wire import overview_views

    return overview_views.overview_csv(body)


def overview_customers_as_csv(body: Any) -> str:
    """Customers in the overview."""
    from ..wire import overview_views

    return overview_views.overview_customers_csv(body)


def endings_as_csv(body: Any) -> str:
    """What ends, in the overview."""
    from ..wire import overview_views

    return overview_views.endings_csv(body)


def overview_packages_as_csv(body: Any) -> str:
    """Packages in the overview."""
    from ..wire import overview_views

    return overview_views.overview_packages_csv(body)


def announced_prices_as_csv(body: Any) -> str:
    """Price lists to come, in the overview."""
    from ..wire import overview_views

    return overview_views.announced_prices_csv(body)


def chosen(accept: str, offered: Sequence[str]) -> str:
    """The offered type that the caller weighs most; the first of equals, and the first when it takes none of them."""
    if accept.strip() in ("", "*/*") or len(offered) == 1:  # almost always
        return offered[0]
    weights = [_weight(one, accept) for one in offered]
    return offered[weights.index(max(weights))]


def _weight(offered: str, accept: str) -> float:
    """What the most specific of the ranges that cover a type gives it; 0 when none does."""
    main, sub = offered.split("/")
    covering = [(-1, 0.0)]
    for part in accept.lower().split(","):
        found = re.fullmatch(_MEDIA_RANGE, part.rstrip())
        if found and (found[1], found[2]) in ((main, sub), (main, "*"), ("*", "*")):
            weighed = re.search(_WEIGHT, found[3])
            covering.append(((found[1] != "*") + (found[2] != "*"), min(1.0, float(weighed[1])) if weighed else 1.0))
    return max(covering)[1]


def fits_answer(text: str) -> bool:
    """Whether an answer can have this text."""
    return len(text) * _QUOTED_BYTES_MAX <= ANSWER_BYTES_MAX or len(json.dumps(text)) <= ANSWER_BYTES_MAX


def write_response(
    response: Response, form: str, renderers: Mapping[str, Renderer], where: str, query: Mapping[str, Any], *, changes: bool = False
) -> Response:
    """The response with its body as text. `where` is the path asked for, `query` what was asked; `changes` says that it wrote something.

    Raises `Invalid` too_many when the text would be larger than an answer can be.
    """
    if not renderers and isinstance(response.body, str):
        return response
    headers: dict[str, str | list[str]] = dict(response.headers) | ({"Vary": "Accept"} if renderers else {})
    if isinstance(response.body, str):
        return Response(response.body, headers, response.status_code)
    if form not in renderers or response.status_code != 200:
        return Response(_demand_fits(json.dumps(response.body, ensure_ascii=False), changes), headers, response.status_code)
    text = _demand_fits(renderers[form](response.body), changes)
    return Response(text, {**headers, **_headers(form, where), **_next(response.body, query)}, 200)


def _demand_fits(text: str, changes: bool) -> str:
    """The text. Raises `Invalid` too_many."""
    if not fits_answer(text):
        done = "; the request itself is carried out" if changes else ""
        detail = f"the answer would have more than {ANSWER_BYTES_MAX} bytes: ask page by page with limit and cursor, or for less{done}"
        raise Invalid([Fault("", detail)], code="too_many")
    return text


def _headers(form: str, where: str) -> dict[str, str]:
    headers = {"Content-Type": f"{form}; charset=utf-8"}
    if form == HTML:
        from ..wire import pages

        return headers | {"Content-Security-Policy": pages.POLICY}
    name = re.sub(_UNSAFE, "_", "-".join(part for part in where.split("/") if part))
    return headers | {"Content-Disposition": f'attachment; filename="{name}.csv"'}


def _next(body: Any, query: Mapping[str, Any]) -> dict[str, str]:
    """Where a list goes on that was asked for page by page, relative to the request's own URL."""
    cursor = body.get("next_cursor")
    return {"Link": f'<?{urlencode({**query, "cursor": cursor})}>; rel="next"'} if cursor else {}
