"""What the demo prints: a console of at most 100 columns, progress, amounts and the tables of a report."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

COLUMNS_MAX = 100
PLAIN_STEPS = 4
"""Without a terminal a stage says so many times how far it is."""

STYLES = {"posted": "green", "simulated": "cyan", "held": "yellow", "repeat": "magenta"}


def make_console() -> Console:
    """A console as wide as the terminal, but never wider than reads well; piped output gets the full width."""
    console = Console(highlight=False)
    if not sys.stdout.isatty() or console.width > COLUMNS_MAX:
        console = Console(highlight=False, width=COLUMNS_MAX)
    return console


@contextmanager
def progress(console: Console, title: str, steps: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal, a few plain lines elsewhere; call what it yields after each of the `steps`."""
    if not console.is_terminal:
        yield _plain_progress(console, title, steps)
        return
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(title, total=steps)
        yield lambda: bar.advance(task)


def _plain_progress(console: Console, title: str, steps: int) -> Callable[[], None]:
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        if steps > 1 and done * PLAIN_STEPS // steps > (done - 1) * PLAIN_STEPS // steps:
            console.print(f"  {title}: {done} of {steps}")

    return advance


def money(currency: str, amount: Decimal | str) -> str:
    """`USD 1,234.50`: the currency always beside the amount, cents always shown, more digits where there are."""
    value = Decimal(amount)
    exponent = value.normalize().as_tuple().exponent
    digits = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{currency} {value:,.{digits}f}"


def section(console: Console, title: str) -> None:
    """A heading between two parts of the story."""
    console.print()
    console.rule(f"[bold]{title}[/bold]", align="left")


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """An empty table in the house style; the columns named in `right` hold numbers."""
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        number = column in right
        grid.add_column(column, justify="right" if number else "left", no_wrap=number)
    return grid


def show(console: Console, grid: Table) -> None:
    """Print a table a little to the right of the text, with air around it."""
    console.print(Padding(grid, (1, 0, 1, 2), expand=False))


def show_report(console: Console, report: Mapping[str, Any], currency: str, labels: Mapping[str, str]) -> None:
    """A Run Package report's lines, totals and balance; `labels` names each assignment by its id."""
    show(console, _lines_table(report, currency, labels))
    _show_balance(console, report, currency)


def show_reasons(console: Console, report: Mapping[str, Any], labels: Mapping[str, str]) -> None:
    """Why each line of a report is charged, and why the other assignments have none."""
    console.print("\n  Why each line is charged:")
    for number, line in enumerate(report["lines"], start=1):
        console.print(Padding(Text(f"{number}. {line['explanation']}"), (0, 0, 0, 4), expand=False))
    if report["not_due"]:
        console.print("\n  Not due on this date:")
        show(console, _not_due_table(report, labels))


def _lines_table(report: Mapping[str, Any], currency: str, labels: Mapping[str, str]) -> Table:
    numbers = ("#", "Qty", "Unit retail", "Cost", "Retail", "Margin")
    grid = table("#", "Package", "Qty", "Unit retail", "Cost", "Retail", "Margin", "Status", right=numbers)
    grid.show_footer = True
    for number, line in enumerate(report["lines"], start=1):
        amounts = [money(currency, line[field]) for field in ("unit_retail", "cost", "retail", "margin")]
        kind = "" if line["kind"] == "recurring" else f" ({line['kind'].replace('_', ' ')})"
        status = Text(line["status"], style=STYLES.get(line["status"], ""))
        name = labels.get(line["assignment_id"], line["package_name"]) + kind
        grid.add_row(str(number), name, str(line["quantity"]), *amounts, status)
    grid.columns[1].footer = "Total"
    for column, field in ((4, "cost"), (5, "retail"), (6, "margin")):
        grid.columns[column].footer = money(currency, report["totals"][field])
    return grid


def _not_due_table(report: Mapping[str, Any], labels: Mapping[str, str]) -> Table:
    grid = table("Package", "Reason")
    for item in report["not_due"]:
        grid.add_row(labels.get(item["assignment_id"], item["package_name"]), item["reason"])
    return grid


def _show_balance(console: Console, report: Mapping[str, Any], currency: str) -> None:
    totals = report["totals"]
    retail, margin = Decimal(totals["retail"]), Decimal(totals["margin"])
    share = f", {margin * 100 / retail:.1f} % of the retail" if retail else ""
    before, after = (money(currency, report[field]) for field in ("balance_before", "balance_after"))
    console.print(f"  Margin {money(currency, margin)}{share}.")
    debited = f"{money(currency, totals['credit_debited'])} debited from the prepaid credit"
    console.print(f"  Balance before {before}, after {after}: {debited}.")
    if Decimal(totals["held"]):
        console.print(f"  Held for lack of credit: {money(currency, totals['held'])}.")
