"""Turns an exported journal into the files that QuickBooks Online and Xero import: docs/accounting.md.

    python -m tools.accounting xero journal-2031-01-01-2031-01-31-1.csv --date 2031-01-31 --receivable 615 --payments 616 --sales 200 \\
        --tax "No VAT"

One journal for each currency, with a line for each account, tax rate and kind. What was charged is booked from the account of
receivables to that of its code, what was paid from that of payments to receivables. Costs are booked with the carrier's invoices.
"""

import argparse
import csv
import io
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from chalicelib.domain.currencies import DECIMALS
from chalicelib.wire.csv_out import unprotected

QUICKBOOKS = ("*JournalNo", "*JournalDate", "*AccountName", "*Debits", "*Credits", "Description", "Name", "Currency", "Location", "Class")
XERO = (
    "*Narration", "*Date", "Description", "*AccountCode", "*TaxRate", "*Amount",
    "TrackingName1", "TrackingOption1", "TrackingName2", "TrackingOption2",
)  # fmt: skip
FILE_LINES_MAX = {"quickbooks": 1000, "xero": 300}
"""Lines that one import takes, the heading not counted."""
PAID = ("payment", "adjustment")
"""Kinds that move a customer's credit and are no sales."""


class Accounts(NamedTuple):
    """Where what has no code of its own is booked: as the books name accounts and tax rates. `names` are what the books call codes."""

    receivable: str
    payments: str
    sales: str
    tax: str = ""
    names: Mapping[str, str] = {}

    def account(self, code: str) -> str:
        """The account of a code."""
        return self.names.get(code, code) if code else self.sales


class Line(NamedTuple):
    """A line of a journal. A debit is positive, a credit negative."""

    account: str
    tax: str
    description: str
    amount: Decimal


class MonthlyJournal(NamedTuple):
    """What is booked in one currency. Its lines come to nothing together."""

    currency: str
    lines: tuple[Line, ...]


class UnbookableError(ValueError):
    """A file that is no exported journal, or what can't be imported from it; the message says why."""


def journals(rows: Iterable[Mapping[str, str]], accounts: Accounts) -> Iterator[MonthlyJournal]:
    """The journal of each currency: the sums of its rows, rounded to its decimals once, and against them what customers owe."""
    in_order = sorted(rows, key=lambda row: row["currency"])
    for currency, own in groupby(in_order, key=lambda row: row["currency"]):
        lines = [line for line in _lines(list(own), accounts, Decimal(1).scaleb(-DECIMALS.get(currency, 2))) if line.amount]
        owed = -sum((line.amount for line in lines), Decimal(0))
        if owed:
            lines.append(Line(accounts.receivable, accounts.tax, "customers owe", owed))
        yield MonthlyJournal(currency, tuple(lines))


def _lines(rows: Sequence[Mapping[str, str]], accounts: Accounts, unit: Decimal) -> Iterator[Line]:
    sums: dict[tuple[str, str, str], Decimal] = {}
    for row in rows:
        kind = row["kind"]
        if kind in PAID:
            place, amount = (accounts.payments, accounts.tax, kind), Decimal(row["credit_change"])
        else:
            place = (accounts.account(unprotected(row["account_code"])), unprotected(row["tax_code"]) or accounts.tax, kind)
            amount = -Decimal(row["retail"])
        sums[place] = sums.get(place, Decimal(0)) + amount
    for (account, tax, kind), amount in sorted(sums.items()):
        yield Line(account, tax, kind.replace("_", " "), amount.quantize(unit, ROUND_HALF_UP))


def quickbooks_rows(journal: MonthlyJournal, day: date) -> list[Sequence[str]]:
    """The rows of a journal for QuickBooks Online, which has dates as MM/DD/YYYY and debits and credits in two columns."""
    number = f"VOIP-{day}-{journal.currency}"
    return [
        (
            number, f"{day:%m/%d/%Y}", line.account, _text(line.amount), _text(-line.amount), _description(line), "", journal.currency,
            "", "",
        )
        for line in journal.lines
    ]  # fmt: skip


def xero_rows(journal: MonthlyJournal, day: date) -> list[Sequence[str]]:
    """The rows of a journal for Xero, which has dates as DD/MM/YYYY and credits negative. Raises `UnbookableError`."""
    if any(not line.tax for line in journal.lines):
        raise UnbookableError("Xero needs a tax rate in every line: give the one of lines without a tax_code by --tax")
    narration = f"Recurring charges {day:%B %Y} {journal.currency}"
    return [
        (narration, f"{day:%d/%m/%Y}", line.description, line.account, line.tax, f"{line.amount:f}", "", "", "", "")
        for line in journal.lines
    ]


def _text(amount: Decimal) -> str:
    """An amount of its side; empty on the other side."""
    return f"{amount:f}" if amount > 0 else ""


def _description(line: Line) -> str:
    return f"{line.description}, {line.tax}" if line.tax else line.description


def files(books: str, found: Iterable[MonthlyJournal], day: date) -> list[str]:
    """The files to import, as few as the program takes; no journal is divided. Raises `UnbookableError`."""
    heading, rows_of = {"quickbooks": (QUICKBOOKS, quickbooks_rows), "xero": (XERO, xero_rows)}[books]
    most, parts = FILE_LINES_MAX[books], list[list[Sequence[str]]]()
    for journal in found:
        rows = rows_of(journal, day)
        if len(rows) > most:
            raise UnbookableError(f"the journal in {journal.currency} has {len(rows)} lines; {books} takes {most}: export fewer days")
        if not parts or len(parts[-1]) + len(rows) > most:
            parts.append([])
        parts[-1] += rows
    return [_csv([heading, *rows]) for rows in parts]


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def read(paths: Iterable[Path]) -> list[dict[str, str]]:
    """The rows of an exported journal. Raises `UnbookableError`."""
    needed = {"currency", "kind", "account_code", "tax_code", "retail", "credit_change"}
    rows = []
    for path in paths:
        table = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
        if missing := needed - set(table.fieldnames or ()):
            raise UnbookableError(f"{path} is no exported journal in CSV: it lacks {', '.join(sorted(missing))}")
        rows += list(table)
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.accounting", description="Files for QuickBooks Online or Xero.")
    parser.add_argument("books", choices=FILE_LINES_MAX)
    parser.add_argument("journal", nargs="+", type=Path, help="the files of an export of the journal, as CSV")
    parser.add_argument("--date", required=True, type=date.fromisoformat, help="the day to book on, such as the last one of the month")
    parser.add_argument("--receivable", required=True, help="the account of what customers owe")
    parser.add_argument("--payments", required=True, help="the account that payments are booked from, such as one of payments received")
    parser.add_argument("--sales", required=True, help="the account of what has no account_code")
    parser.add_argument("--tax", default="", help="the tax rate of what has no tax_code")
    parser.add_argument("--name", action="append", default=[], metavar="CODE=NAME", help="what the books call an account_code")
    parser.add_argument("--out", type=Path, default=Path(), help="the folder to write to")
    given = parser.parse_args(arguments)
    names = dict(one.split("=", 1) for one in given.name)
    accounts = Accounts(given.receivable, given.payments, given.sales, given.tax, names)
    try:
        made = files(given.books, journals(read(given.journal), accounts), given.date)
    except UnbookableError as error:
        print(error, file=sys.stderr)
        return 1
    for number, text in enumerate(made, 1):
        path = given.out / f"{given.books}-{given.date}-{number}.csv"
        path.write_text(text, encoding="utf-8", newline="")
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
