"""Budgets as a table, and the machine they were measured on."""

import os
import platform
import sys
from collections.abc import Sequence
from math import floor, log10
from pathlib import Path
from typing import Final, NamedTuple

COLUMNS: Final = ("what", "figure", "reference, same run", "ratio", "budget", "verdict")


class Budget(NamedTuple):
    """A figure in `unit`, its reference in the same unit, and the limit: of the figure, or of their ratio if `of_ratio`.

    Without limit it is reported only.
    """

    what: str
    figure: float
    unit: str = ""
    reference: float | None = None
    referring_to: str = ""
    limit: float | None = None
    of_ratio: bool = False
    at_least: bool = False

    @property
    def ratio(self) -> float | None:
        """Figure by reference."""
        return self.figure / self.reference if self.reference else None

    @property
    def kept(self) -> bool | None:
        """Whether the budget is kept; None for what is reported only."""
        if self.limit is None:
            return None
        compared = self.ratio if self.of_ratio else self.figure
        if compared is None:
            return False
        return compared >= self.limit if self.at_least else compared <= self.limit

    def row(self) -> tuple[str, ...]:
        """The cells of its row."""
        reference = "" if self.reference is None else f"{number(self.reference)}: {self.referring_to}"
        ratio = "" if self.ratio is None else number(self.ratio)
        verdict = {None: "", True: "kept", False: "MISSED"}[self.kept]
        return self.what, f"{number(self.figure)} {self.unit}".strip(), reference, ratio, self._allowed(), verdict

    def _allowed(self) -> str:
        if self.limit is None:
            return "reported"
        return ("ratio " if self.of_ratio else "") + ("≥ " if self.at_least else "≤ ") + number(self.limit)


def number(value: float) -> str:
    """Two or three digits that matter, none of them in an exponent."""
    if value == int(value):
        return f"{int(value):,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.{1 - floor(log10(abs(value)))}f}"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table that reads well as text and is Markdown too."""
    lines = [columns, *rows]
    widths = [max(len(line[n]) for line in lines) for n in range(len(columns))]
    written = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines]
    return "\n".join([written[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *written[1:]])


def budgets(found: Sequence[Budget]) -> str:
    """The budgets' table."""
    return table(COLUMNS, [one.row() for one in found])


def machine() -> str:
    """What this was measured on, and how busy it was."""
    load = os.getloadavg()[0]
    cores = os.cpu_count()
    return f"{_cpu()}, {cores} cores, {platform.python_implementation()} {platform.python_version()}, load average {load:.1f}"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def progress(what: str) -> None:
    """Tell on the error stream what is being measured."""
    print(f"... {what}", file=sys.stderr, flush=True)
