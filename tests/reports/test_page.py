"""The page of a Run Package: nothing but text comes from data, and it reads well without eyes and without colours."""

import base64
import copy
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError

from chalicelib.wire import pages

Json = dict[str, Any]
ATTACKS = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>', "</title><script>x</script>", "</style><b>x",
    "<!--", "]]>", "&lt;b&gt;", "javascript:alert(1)", "' onclick='x", "{{7*7}}", "\u202eevil", "</td></tr></table><h1>Paid</h1>",
)  # fmt: skip
LINE: Json = {
    "package_name": "Line", "did": None, "kind": "recurring", "due_date": "2031-02-28", "period": None, "quantity": 4,
    "currency": "USD", "unit_retail": "12.50", "cost": "29.00", "retail": "50.00", "margin": "21.00",
    "status": "simulated", "already_charged": False, "charged": None, "difference": None, "explanation": "4 x 12.50",
}  # fmt: skip
SUMS: Json = {"cost": "29.00", "retail": "50.00", "margin": "21.00", "credit_debited": "0.00", "held": "0.00", "below_cost": 0}
REPORT: Json = {
    "run_id": None, "simulate": True, "date": "2031-02-28", "customer": "acme", "currency": "USD", "generated_at": "2031-02-01T00:00:00Z",
    "lines": [LINE], "lines_left_out": 0, "not_due": [{"package_name": "Later", "reason": "next due 2031-03-01"}], "not_due_left_out": 0,
    "totals": SUMS, "balance_before": "0.00", "balance_after": "-50.00",
    "held_before": {"count": 0, "retail": "0.00", "credit_debited": "0.00", "explanation": None}, "parked": False,
}  # fmt: skip
RUN: Json = {
    "run_id": "daily:2031-02-28", "kind": "daily", "simulate": False, "date": "2031-02-28", "customer": None, "status": "running",
    "totals": None, "totals_by_currency": {"EUR": SUMS, "USD": SUMS}, "created_by": "operator", "created_at": "2031-02-28T02:00:00Z",
    "failures_total": 7, "failures": [{"customer_id": "acme", "assignment_id": None, "due_date": "2031-02-28", "detail": "busy"}],
}  # fmt: skip
SUMMARY: Json = {
    "run_id": None, "simulate": True, "date": "2031-02-28", "customer": None, "generated_at": "2031-02-01T00:00:00Z", "totals": SUMS,
    "totals_by_currency": {"USD": SUMS}, "by_package": [{"package_name": "Line", "currency": "USD", **SUMS, "lines": 3}],
    "by_package_left_out": 2, "by_customer": [{"customer": "acme", "currency": "USD", **SUMS, "lines": 3}], "by_customer_left_out": 0,
}  # fmt: skip


class Reader(HTMLParser):
    """What a browser sees: the elements with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))
        self.open += [tag] if tag != "meta" else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def __contains__(self, text: str) -> bool:
        return text in "".join(self.texts)


def poisoned(value: Any, poison: str) -> Any:
    """The same answer with every free text replaced."""
    if isinstance(value, dict):
        return {key: part if key in ("kind", "status", "currency") else poisoned(part, poison) for key, part in value.items()}
    if isinstance(value, list):
        return [poisoned(part, poison) for part in value]
    return poison if isinstance(value, str) else value


@pytest.mark.parametrize("body", [REPORT, RUN, SUMMARY], ids=["report", "run", "summary"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_data_makes_no_element_and_no_attribute(body: Json, attack: str) -> None:
    usual, attacked = Reader(pages.run_report(body)), Reader(pages.run_report(poisoned(body, attack)))
    assert attacked.tags == usual.tags
    assert attack in attacked


HOSTILE = st.text("<>&\"'`=/!?-[]{}%#;:\0\r\n \u202ea0", min_size=1) | st.text(min_size=1) | st.sampled_from(ATTACKS)


@settings(max_examples=100)
@given(st.sampled_from([REPORT, RUN, SUMMARY]), HOSTILE, HOSTILE)
def test_no_text_at_all_makes_an_element(body: Json, one: str, other: str) -> None:
    shown = Reader(pages.run_report(poisoned(body, one + other)))
    assert shown.tags == Reader(pages.run_report(body)).tags
    assert one + other in shown, "as it was given, read back by another parser"


def test_a_name_that_a_template_misspells_is_a_fault_and_not_an_empty_cell() -> None:
    with pytest.raises(UndefinedError, match="unit_retail"):
        pages.run_report(REPORT | {"lines": [{key: value for key, value in LINE.items() if key != "unit_retail"}]})


def test_no_template_takes_text_for_html() -> None:
    templates = list(Path(pages.__file__).parent.glob("templates/*.html"))
    assert len(templates) >= 3
    for template in templates:
        assert not re.search(r"\|\s*safe|autoescape|Markup", template.read_text()), template.name


def test_the_page_says_what_json_says() -> None:
    shown = Reader(pages.run_report(REPORT))
    for text in ("Simulated Run Package of 2031-02-28", "acme", "nothing was charged", "Line", "would be charged", "4 x 12.50", "50.00",
                 "21.00", "Later", "next due 2031-03-01", "Balance before: 0.00 USD; after: -50.00 USD."):  # fmt: skip
        assert text in shown, text


def test_b1_what_was_charged_already_is_compared_where_something_was() -> None:
    late = {**LINE, "retail": "7.00", "already_charged": True, "charged": "17.00", "difference": "-10.00"}
    shown = Reader(pages.run_report(REPORT | {"lines": [LINE, late]}))
    for text in ("Charged", "Difference", "17.00", "-10.00", "would be charged again"):
        assert text in shown, text
    assert "would be charged again" not in Reader(pages.run_report(REPORT | {"lines": [{**late, "status": "skipped"}]}))
    assert "Difference" not in Reader(pages.run_report(REPORT))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"lines_left_out": 3}, "3 more lines are not listed here"), ({"not_due_left_out": 2}, "2 more assignments are not listed here"),
        ({"lines": []}, "No line is due."), ({"lines": [{**LINE, "already_charged": True}]}, "would be charged again"),
        ({"lines": [{**LINE, "status": "held"}]}, "held: past the debit limit"),
        ({"lines": [{**LINE, "status": "repeat"}]}, "charged again"),
        (
            {"lines": [{**LINE, "period": {"from": "2031-01-31", "to": "2031-02-28", "through": "2031-02-27"}}]},
            "2031-01-31 through 2031-02-27",
        ),
        ({"totals": SUMS | {"below_cost": 1}}, "1 line has a retail below cost."),
        ({"totals": SUMS | {"below_cost": 2}}, "2 lines have a retail below cost."),
        ({"simulate": False, "run_id": "r-1", "status": "finished"}, "r-1"),
        ({"simulate": False, "reversal": {"date": "2031-03-02"}}, "This run was reversed on 2031-03-02."),
    ],
)  # fmt: skip
def test_what_a_reader_must_not_miss(change: Json, told: str) -> None:
    assert told in Reader(pages.run_report(copy.deepcopy(REPORT) | change))


def test_a_run_under_way_says_so_and_names_its_failures() -> None:
    shown = Reader(pages.run_report(RUN))
    assert all(text in shown for text in ("still under way", "EUR", "busy", "6 more failures are not listed."))


def test_sums_say_what_they_leave_out() -> None:
    assert "2 more rows are not listed here" in Reader(pages.run_report(SUMMARY))


@pytest.mark.parametrize("body", [REPORT, RUN, SUMMARY], ids=["report", "run", "summary"])
def test_the_page_can_be_heard(body: Json) -> None:
    tags = Reader(pages.run_report(body)).tags
    names = [tag for tag, _ in tags]
    assert ("html", (("lang", "en"),)) in tags
    assert names.count("h1") == names.count("main") == names.count("title") == 1
    assert names.count("caption") == names.count("table") >= 1
    assert all(dict(attrs).get("scope") in ("col", "row") for tag, attrs in tags if tag == "th")
    assert all(dict(attrs)["aria-label"] for _, attrs in tags if ("role", "region") in attrs)


def test_the_policy_allows_the_style_and_nothing_else() -> None:
    html = pages.run_report(REPORT)
    style = html.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert pages.POLICY.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; ")
    assert not {"script", "link", "img", "a", "form", "iframe"} & {tag for tag, _ in Reader(html).tags}
    assert not any(name == "style" or name.startswith("on") for _, attrs in Reader(html).tags for name, _ in attrs)
    assert "url(" not in style
    assert "@import" not in style


@pytest.mark.parametrize(
    ("currency", "seen"),
    [("JPY", ("12.5", "29", "50", "-50 JPY")), ("KWD", ("12.500", "29.000", "50.000", "-50.000 KWD"))],
    ids=["JPY", "KWD"],
)
def test_c_amounts_have_the_decimals_of_their_currency(currency: str, seen: tuple[str, ...]) -> None:
    told = pages.run_report(REPORT | {"currency": currency, "lines": [LINE | {"currency": currency}]})
    unit, cost, retail, balance = seen
    assert all(f'<td class="number">{amount}</td>' in told for amount in (unit, cost, retail))
    assert f"after: {balance}." in told
    assert "29.00<" not in told
