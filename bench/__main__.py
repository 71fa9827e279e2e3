"""Prints all budgets, then the curve; exits with 1 when a budget is missed."""

import argparse
import os
import sys
import warnings
from collections.abc import Sequence

from . import audits, cold, counted, curve, exports, forecasts, notices, runtime, timed
from .report import Budget, budgets, machine, progress

QUICK_SIZES = (1_000, 10_000)
SIZES = (*QUICK_SIZES, 100_000)
MILLION = 1_000_000


def measured(*, quick: bool) -> list[Budget]:
    """Every budget."""
    found: list[Budget] = []
    for measure in counted.MEASURES:
        progress(measure.__name__.replace("_", " "))
        found += measure()
    rounds = 3 if quick else 7
    progress("processor time")
    found += timed.all_due(2000 if quick else 5000, rounds)
    found += timed.few_due(5000 if quick else 20_000, rounds)
    progress("notices")
    found += notices.write_units() + notices.time(2000 if quick else 10_000, rounds)
    progress("planning")
    found += timed.pure_planning(rounds)
    found += exports.budgets(10_000 if quick else 100_000)
    progress("an audit")
    found += audits.budgets(1000 if quick else 5000, rounds)
    progress("a forecast")
    found += forecasts.budgets(2000 if quick else 10_000, rounds)
    progress("cold start")
    found += cold.cold_start(5 if quick else 9)
    progress("the packaged zip under the runtime client")
    return found + runtime.starts(3 if quick else 7)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--million", action="store_true", help="a curve up to a million assignments, an export and a forecast of a million")
    parser.add_argument("--budgets", action="store_true", help="no curve")
    given = parser.parse_args(arguments)
    quick = os.environ.get("QUICK", "") not in ("", "0")
    sizes = QUICK_SIZES if quick else SIZES
    print(f"Measured on {machine()}. Other work runs here too: times are medians of rounds in turns; read their ratios.\n")
    found = measured(quick=quick)
    print(budgets(found), flush=True)
    if not given.budgets:
        print("\n" + curve.draw((*sizes, MILLION) if given.million else sizes))
    if given.million:
        print("\nAn export of the ledger:\n\n" + exports.draw(MILLION))
        print("\nA forecast of twelve months:\n\n" + forecasts.draw((SIZES[-1], MILLION)))
    missed = [one.what for one in found if one.kept is False]
    print(f"\n{len(missed)} budgets missed: {'; '.join(missed)}" if missed else "\nEvery budget is kept.")
    return 1 if missed else 0


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main())
