"""A Run Package as a page to read and print: one file, no script, nothing loaded from anywhere.

Made from the same JSON values that programs get, so it can't say anything else.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

from ..domain import money
from .markup import Markup, element, joined
from .style import STYLE

Json = dict[str, Any]

POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'"
)
"""The page's Content-Security-Policy: its own style, and nothing else."""

_LINE_HEADS: Final = ("Package", "DID", "Kind", "Due", "Period", "Quantity", "Unit", "Cost", "Retail", "Margin", "Status")
_AMOUNTS: Final = ("Quantity", "Unit", "Cost", "Retail", "Margin", "Debited", "Held", "Lines")
_SUMS: Final = (("cost", "Cost"), ("retail", "Retail"), ("margin", "Margin"), ("credit_debited", "Debited"), ("held", "Held"))
_STATUSES: Final = {
    "simulated": "would be charged", "posted": "charged", "repeat": "charged again", "held": "held: past the debit limit",
    "already_charged": "charged by another run", "skipped": "left alone, charged before",
    "written_off": "left alone, written off before", "no_longer_due": "not charged: an edit took it away",
    "not_over": "not charged: its period is not over",
}  # fmt: skip
_AGAIN: Final = "would be charged again"


def report(body: Json) -> str:
    """The page of a Run Package, simulated or live, of one customer or all, or of a daily run."""
    title = f"{_kind(body)} {body['date']}, {body['customer'] or 'all customers'}"
    head = joined(
        _void("meta", charset="utf-8"), _void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title), element("style", Markup(STYLE)),
    )  # fmt: skip
    parts = (_heading(body), _totals(body), _lines(body), _sums(body), _not_due(body), _failures(body), _facts_of_run(body))
    page = element("html", element("head", head), element("body", element("main", *parts)), lang="en")
    return f"<!DOCTYPE html>\n{page}\n"


def _kind(body: Json) -> str:
    if body["simulate"]:
        return "Simulated Run Package of"
    return "Daily run of" if body.get("kind") == "daily" else "Run Package of"


def _heading(body: Json) -> Markup:
    told = "Simulated: nothing was charged." if body["simulate"] else None
    if body.get("parked"):
        told = "Simulated: nothing was charged. The customer is parked: a live run is refused until somebody unparks it."
    if body.get("status") == "running":
        told = "This run is still under way; what stands below is what is through so far."
    if body.get("reversal"):
        told = f"This run was reversed on {body['reversal']['date']}."
    name = element("bdi", body["customer"]) if body["customer"] else "all customers"
    title = element("h1", _kind(body), " ", element("time", body["date"]), ", ", name)
    return element("header", title, element("p", told, class_="note") if told else None)


def _totals(body: Json) -> Markup:
    """Amounts of different currencies stand in rows of their own."""
    by_currency = body.get("totals_by_currency") or ({body["currency"]: body["totals"]} if body.get("totals") else {})
    heads = [head for _, head in _SUMS]
    rows = [
        element("tr", _named(one), *_cells(heads, [money.shown(sums[key], one) for key, _ in _SUMS])) for one, sums in by_currency.items()
    ]
    table = _table("Totals", ("Currency", *heads), rows, empty="No charges.")
    if "balance_before" not in body:
        return table
    currency = body["currency"]
    before, after = (money.shown(body[name], currency) for name in ("balance_before", "balance_after"))
    moved = f"Balance before: {before} {currency}; after: {after} {currency}."
    waiting = body["held_before"]["explanation"]
    return joined(table, element("p", moved, class_="balance"), element("p", waiting, class_="note") if waiting else None)


def _lines(body: Json) -> Markup | None:
    if "lines" not in body:
        return None
    rows = [_line(line) for line in body["lines"]]
    table = _table("Lines", _LINE_HEADS, rows, empty="No line is due.", grouped=True)
    return joined(table, _left_out(body, "lines_left_out", "lines", "the totals count them. As CSV, the report has every line"))


def _line(line: Json) -> Markup:
    """A line in a group of its own: printing keeps a group's rows, the figures and their explanation, on one page."""
    period = line["period"]
    again = line["status"] == "simulated" and line["already_charged"]
    cells = (
        line["did"] or "", _words(line["kind"]), line["due_date"], f"{period['from']} through {period['through']}" if period else "",
        str(line["quantity"]), *(money.shown(line[name], line["currency"]) for name in ("unit_retail", "cost", "retail", "margin")),
    )  # fmt: skip
    status = element("td", _AGAIN if again else _STATUSES[line["status"]])
    figures = element("tr", _named(line["package_name"]), *_cells(_LINE_HEADS[1:-1], cells), status)
    why = element("tr", element("td", element("bdi", line["explanation"]), colspan=str(len(_LINE_HEADS))), class_="why")
    return element("tbody", figures, why, class_="line")


def _sums(body: Json) -> Markup | None:
    if "by_package" not in body:
        return None
    tables: list[Markup | None] = []
    for name, caption, id_name in (("by_package", "By package", "package_name"), ("by_customer", "By customer", "customer")):
        heads = (caption.removeprefix("By ").title(), "Currency", *(head for _, head in _SUMS), "Lines")
        rows = [element("tr", _named(one[id_name]), *_cells(heads[1:], _sum(one))) for one in body[name]]
        tables.append(_table(caption, heads, rows, empty="No charges."))
        tables.append(_left_out(body, f"{name}_left_out", "rows", "the totals count them"))
    return joined(*tables)


def _sum(one: Json) -> list[str]:
    return [one["currency"], *(money.shown(one[key], one["currency"]) for key, _ in _SUMS), str(one["lines"])]


def _not_due(body: Json) -> Markup | None:
    found = body.get("not_due")
    if not found:
        return None
    rows = [element("tr", _named(one["package_name"]), element("td", element("bdi", one["reason"]))) for one in found]
    return joined(
        _table("Not due", ("Package", "Why"), rows, empty=""),
        _left_out(body, "not_due_left_out", "assignments", "they are not due either"),
    )


def _failures(body: Json) -> Markup | None:
    found = body.get("failures")
    if not found:
        return None
    rows = [_row(one["customer_id"], one["assignment_id"] or "", one["due_date"], one["detail"]) for one in found]
    more = body["failures_total"] - len(found)
    shown = _table("Failures, kept for the next run", ("Customer", "Assignment", "Due", "What failed"), rows, empty="")
    return joined(shown, element("p", f"{more} more failures are not listed.") if more else None)


def _facts_of_run(body: Json) -> Markup:
    """Who ran what, when: at the end, where a reader of figures looks last."""
    names = {"run_id": "Run", "status": "State", "if_charged": "If charged", "created_by": "Run by", "created_at": "Run at",
             "finished_at": "Finished at", "generated_at": "Computed at"}  # fmt: skip
    facts = [joined(element("dt", name), element("dd", element("bdi", _words(body[key])))) for key, name in names.items() if body.get(key)]
    return element("footer", element("dl", *facts))


def _left_out(body: Json, name: str, what: str, told: str) -> Markup | None:
    count = body.get(name)
    return element("p", f"{count} more {what} are not listed here; {told}.", class_="note") if count else None


def _table(caption: str, heads: Sequence[str], rows: Sequence[Markup], *, empty: str, grouped: bool = False) -> Markup:
    """A table whose heading is repeated on each printed page. `grouped` rows bring their own bodies."""
    if not rows:
        return element("section", element("h2", caption), element("p", empty))
    heading = element("thead", element("tr", *(element("th", head, scope="col", **_side(head)) for head in heads)))
    body = rows if grouped else [element("tbody", *rows)]
    table = element("table", element("caption", caption), heading, *body)
    return element("div", table, class_="wide", role="region", aria_label=caption, tabindex="0")


def _row(first: str, *rest: str) -> Markup:
    return element("tr", _named(first), *(element("td", one) for one in rest))


def _named(name: str) -> Markup:
    """What a row is about. Its direction of writing is its own."""
    return element("th", element("bdi", name), scope="row")


def _cells(heads: Iterable[str], values: Iterable[str]) -> list[Markup]:
    return [element("td", value, **_side(head)) for head, value in zip(heads, values, strict=True)]


def _side(head: str) -> dict[str, str]:
    return {"class_": "number" if head in _AMOUNTS else "word"}


def _words(name: str) -> str:
    return name.replace("_", " ") if name.islower() else name


def _void(name: str, /, **attributes: str) -> Markup:
    return Markup(element(name, **attributes).removesuffix(f"</{name}>"))
