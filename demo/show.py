"""What the demo prints: a console of at most 100 columns, progress, amounts and the tables of a report."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from io import TextIOWrapper
from typing import Any, Literal

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


@dataclass(frozen=True)
class Column:
    """A table's column. Numbers stand at the right, amounts with their decimal points below each other."""

    header: str
    cells: Sequence[str]
    kind: Literal["text", "number", "amount"] = "text"
    footer: str = ""


def make_console() -> Console:
    """A console as wide as the terminal, but never wider than reads well; piped output gets the full width."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a name that the terminal can't show must not end the demo
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
    with Progress(*columns, console=console, transient=steps == 1) as bar:
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


def figure(amount: Decimal | str) -> str:
    """`1,234.50`: cents always shown, more digits where there are."""
    value = Decimal(amount)
    exponent = value.normalize().as_tuple().exponent
    digits = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{value:,.{digits}f}"


def money(currency: str, amount: Decimal | str) -> str:
    """`USD 1,234.50`: an amount in a sentence, or beside amounts of other currencies."""
    return f"{currency} {figure(amount)}"


def section(console: Console, title: str) -> None:
    """A heading between two parts of the story."""
    console.print()
    console.rule(f"[bold]{title}[/bold]", align="left")
    console.print()


def show(console: Console, *columns: Column) -> None:
    """Print a table a little to the right of the text, with air around it."""
    has_footer = any(column.footer for column in columns)
    grid = Table(
        box=box.SIMPLE if has_footer else box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, show_edge=False, show_footer=has_footer
    )
    texts = [_aligned(column) for column in columns]
    for column, (header, *_, footer) in zip(columns, texts, strict=True):
        grid.add_column(header, footer, no_wrap=column.kind != "text", overflow="fold")
    for row in zip(*(cells[1:-1] for cells in texts), strict=True):
        grid.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
    console.print()
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))
    console.print()


def _aligned(column: Column) -> list[str]:
    """Header, cells and footer as they are printed: those of numbers equally long."""
    texts = [column.header, *column.cells, column.footer]
    if column.kind == "text":
        return texts
    if column.kind == "amount":
        digits = max(len(text.partition(".")[2]) for text in texts[1:])
        texts[1:] = [text + " " * (digits - len(text.partition(".")[2])) for text in texts[1:]]
    width = max(map(len, texts))
    return [text.rjust(width) for text in texts]


def show_report(console: Console, report: Mapping[str, Any], currency: str, labels: Mapping[str, str]) -> None:
    """A Run Package report's lines, totals and balance; `labels` names each assignment by its id."""
    lines, totals = report["lines"], report["totals"]
    show(
        console,
        Column("#", [str(number) for number in range(1, len(lines) + 1)], "number"),
        Column("Package", [_line_label(line, labels) for line in lines], footer=f"Total, {currency}"),
        Column("Qty", [str(line["quantity"]) for line in lines], "number"),
        Column("Unit retail", [figure(line["unit_retail"]) for line in lines], "amount"),
        *(
            Column(name.title(), [figure(line[name]) for line in lines], "amount", figure(totals[name]))
            for name in ("retail", "cost", "margin")
        ),
        Column("Status", [line["status"] for line in lines]),
    )
    _show_balance(console, report, currency)


def _line_label(line: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    kind = "" if line["kind"] == "recurring" else f" ({line['kind'].replace('_', ' ')})"
    return f"{labels.get(line['assignment_id'], line['package_name'])}{kind}"


def numbered(console: Console, sentences: Sequence[str]) -> None:
    """Sentences one below the other, their further lines indented as the first."""
    for number, sentence in enumerate(sentences, start=1):
        grid = Table.grid(padding=(0, 1))
        grid.add_row(f"{number}.", Text(sentence))
        console.print(Padding(grid, (0, 0, 0, 4), expand=False))


def show_reasons(console: Console, report: Mapping[str, Any], labels: Mapping[str, str]) -> None:
    """Why each line of a report is charged, and why the other assignments have none."""
    console.print("\n  Why each line is charged:\n")
    numbered(console, [line["explanation"] for line in report["lines"]])
    others = report["not_due"]
    if others:
        console.print("\n  What else the customer has, and why it is not charged on this date:")
        names = [labels.get(item["assignment_id"], item["package_name"]) for item in others]
        show(console, Column("Package", names), Column("Reason", [item["reason"] for item in others]))


def _show_balance(console: Console, report: Mapping[str, Any], currency: str) -> None:
    totals = report["totals"]
    retail, margin = Decimal(totals["retail"]), Decimal(totals["margin"])
    share = f", {margin * 100 / retail:.1f} % of retail" if retail else ""
    before, after = (money(currency, report[field]) for field in ("balance_before", "balance_after"))
    verb = "would be debited" if report["simulate"] else "is debited"
    console.print(f"  Margin {money(currency, margin)}{share}.")
    console.print(f"  Prepaid credit {before}, of which {money(currency, totals['credit_debited'])} {verb}: {after} remain.")
    if Decimal(totals["held"]):
        console.print(f"  Held for lack of credit: {money(currency, totals['held'])}.")
