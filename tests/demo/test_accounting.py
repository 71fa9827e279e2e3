"""A month of the sample provider as files for QuickBooks Online and Xero, held against what their documentation asks for."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.demo.books import LAST, january
from tools import accounting
from tools.accounting import FILE_LINES_MAX, Accounts, Line, MonthlyJournal, UnbookableError, files, journals
from tools.bundle import ROOT

PAGE = (ROOT / "docs" / "accounting.md").read_text()
XERO = Accounts("615", "616", "200", "No VAT")
QUICKBOOKS = Accounts(
    "VoIP customers", "Payments to be matched", "Income:Telephony",
    names={"210": "Income:Numbers", "220": "Income:Hosted phones", "230": "Income:Handsets", "240": "Income:Trunks"},
)  # fmt: skip


@pytest.fixture(scope="module")
def month() -> list[dict[str, str]]:
    return january()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def of_currency(currency: str, found: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    return [row for row in found if row["currency"] == currency]


def test_the_page_shows_what_the_sample_comes_to(month: list[dict[str, str]]) -> None:
    """The journal of the pounds, as far as it is shown, and both files made of it."""
    shown, *made = [block.splitlines() for block in blocks("csv")]
    pounds = of_currency("GBP", month)
    assert shown == [",".join(month[0]), *(",".join(row.values()) for row in pounds[: len(shown) - 1])]
    expected = [*files("quickbooks", journals(pounds, QUICKBOOKS), LAST), *files("xero", journals(pounds, XERO), LAST)]
    assert made == [one.splitlines() for one in expected]


def test_quickbooks_gets_balanced_entries_in_the_columns_of_its_sample(month: list[dict[str, str]]) -> None:
    """Dates as MM/DD/YYYY, accounts by name, each line a debit or a credit, one currency an entry, numbers of 21 characters at most."""
    (text,) = files("quickbooks", journals(month, QUICKBOOKS), LAST)
    assert text.splitlines()[0] == "*JournalNo,*JournalDate,*AccountName,*Debits,*Credits,Description,Name,Currency,Location,Class"
    entries = defaultdict(list)
    for row in rows(text):
        entries[row["*JournalNo"]].append(row)
    assert {len({row["Currency"] for row in own}) for own in entries.values()} == {1}
    assert len(entries) == 4
    for number, own in entries.items():
        assert len(number) <= 21
        assert len(own) >= 2
        assert {row["*JournalDate"] for row in own} == {"01/31/2031"}
        assert all(bool(row["*Debits"]) != bool(row["*Credits"]) for row in own)
        assert all(re.fullmatch(r"\d+\.\d\d", row["*Debits"] or row["*Credits"]) for row in own)
        assert not any(row["*AccountName"].isdigit() for row in own)
        assert _sum(row["*Debits"] for row in own) == _sum(row["*Credits"] for row in own) > 0


def test_xero_gets_balanced_journals_in_the_columns_of_its_template(month: list[dict[str, str]]) -> None:
    """Dates as DD/MM/YYYY, an account code and a tax rate in each line, debits positive and credits negative."""
    (text,) = files("xero", journals(month, XERO), LAST)
    heading = "*Narration,*Date,Description,*AccountCode,*TaxRate,*Amount,TrackingName1,TrackingOption1,TrackingName2,TrackingOption2"
    assert text.splitlines()[0] == heading
    found = defaultdict(list)
    for row in rows(text):
        assert all(row[name] for name in row if name.startswith("*"))
        assert re.fullmatch(r"-?\d+\.\d\d", row["*Amount"])
        found[row["*Narration"], row["*Date"]].append(Decimal(row["*Amount"]))
    assert len(found) == 4
    assert {day for _, day in found} == {"31/01/2031"}
    assert {sum(own) for own in found.values()} == {0}


def test_what_customers_owe_is_what_was_charged_less_what_was_paid(month: list[dict[str, str]]) -> None:
    for journal in journals(month, XERO):
        own = of_currency(journal.currency, month)
        owed = _sum(row["retail"] for row in own) - _sum(row["credit_change"] for row in own if row["kind"] == "payment")
        (line,) = [line for line in journal.lines if line.account == "615"]
        assert abs(line.amount - owed) <= Decimal("0.005") * (len(journal.lines) - 1)


def _sum(amounts: Iterable[str]) -> Decimal:
    return sum((Decimal(amount or 0) for amount in amounts), Decimal(0))


def row(**fields: str) -> dict[str, str]:
    plain = {"currency": "USD", "kind": "recurring", "account_code": "", "tax_code": "", "retail": "0.00", "credit_change": "0.00"}
    return plain | fields


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ([row(retail="10.005")], [("200", "10.01", "credit"), ("615", "10.01", "debit")]),
        ([row(retail="10.004"), row(retail="0.003")], [("200", "10.01", "credit"), ("615", "10.01", "debit")]),
        ([row(kind="credit", retail="-4.00", account_code="'=210")], [("=210", "4.00", "debit"), ("615", "4.00", "credit")]),
        ([row(kind="payment", credit_change="-7.50")], [("616", "7.50", "credit"), ("615", "7.50", "debit")]),
        ([row(currency="JPY", retail="99.60")], [("200", "100", "credit"), ("615", "100", "debit")]),
        ([row(retail="0.00")], []),
        ([row(retail="5.00"), row(kind="payment", credit_change="5.00")], [("200", "5.00", "credit"), ("616", "5.00", "debit")]),
    ],
    ids=["rounded once", "rounded as a sum", "a credit", "a payment taken back", "no decimals", "nothing", "nothing owed"],
)
def test_each_sum_is_booked_against_what_customers_owe(given: list[dict[str, str]], lines: Sequence[tuple[str, str, str]]) -> None:
    (journal,) = journals(given, XERO)
    assert [(one.account, f"{abs(one.amount)}", "debit" if one.amount > 0 else "credit") for one in journal.lines] == list(lines)


def _journal(currency: str, number: int) -> MonthlyJournal:
    return MonthlyJournal(currency, tuple(Line(str(n), "No VAT", "x", Decimal(1)) for n in range(number)))


def test_files_have_as_many_lines_as_an_import_takes_and_whole_journals() -> None:
    most = FILE_LINES_MAX["xero"]
    found = files("xero", [_journal("EUR", most - 10), _journal("GBP", 10), _journal("USD", 1)], LAST)
    assert [len(rows(text)) for text in found] == [most, 1]
    with pytest.raises(UnbookableError, match="USD has 301 lines"):
        files("xero", [_journal("USD", most + 1)], LAST)


def test_xero_is_not_given_a_line_without_a_tax_rate() -> None:
    with pytest.raises(UnbookableError, match="--tax"):
        files("xero", journals([row(retail="1.00")], XERO._replace(tax="")), LAST)


def test_the_command_writes_the_files(month: list[dict[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exported = tmp_path / "journal.csv"
    with exported.open("w", newline="") as file:
        table = csv.DictWriter(file, list(month[0]))
        table.writeheader()
        table.writerows(month)
    asked = [
        "xero",
        str(exported),
        "--date",
        "2031-01-31",
        "--receivable",
        "615",
        "--payments",
        "616",
        "--sales",
        "200",
        "--out",
        str(tmp_path),
    ]
    assert accounting.main([*asked, "--tax", "No VAT"]) == 0
    assert (tmp_path / "xero-2031-01-31-1.csv").read_bytes().decode() == files("xero", journals(month, XERO), date(2031, 1, 31))[0]
    assert accounting.main(asked) == 1
    exported.write_text("entry_id\nx\n")
    assert accounting.main(asked) == 1
    assert "lacks account_code" in capsys.readouterr().err
