"""Answers as pages to read and print: one file each, no script, nothing loaded from anywhere.

A page is made from the same JSON values that programs get, so it can't say anything else. What is put into a template is
text and gets escaped. `templates/base.html` is what all pages share. Import this where a page is asked for: no cold start
should load the template engine.
"""

import base64
import hashlib
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ...domain import money
from ..csv_out import Json

_OPTIONAL_IN_A_RUN: Final = dict.fromkeys(
    (
        "balance_after", "balance_before", "by_customer", "by_customer_left_out", "by_package", "by_package_left_out", "created_at",
        "created_by", "currency", "failures", "failures_total", "finished_at", "generated_at", "held_before", "if_charged", "kind", "lines",
        "lines_left_out", "not_due", "not_due_left_out", "parked", "reversal", "status", "totals_by_currency",
    )
)  # fmt: skip
"""What only some answers about runs have. Any other name that is missing is a fault, as it is in a template that misspells it."""


def run_report(body: Json) -> str:
    """The page of a Run Package, simulated or live, of one customer or all, or of a daily run."""
    return _ENVIRONMENT.get_template("run_report.html").render(_OPTIONAL_IN_A_RUN | body)


def statement(body: Json) -> str:
    """The page of a customer's statement."""
    return _ENVIRONMENT.get_template("statement.html").render(body)


def reconciliation(body: Json) -> str:
    """The page of a comparison with what the carrier lists."""
    return _ENVIRONMENT.get_template("reconciliation.html").render(body)


def _spaced(name: str) -> str:
    """A name of the API in words, `not_over` as "not over"; anything else as it is."""
    return name.replace("one_off", "one-off").replace("_", " ") if name.islower() else name


_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), undefined=StrictUndefined, autoescape=True, auto_reload=False,
    trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip
_ENVIRONMENT.filters |= {"amount": money.shown, "spaced": _spaced}

_STYLE: Final = _ENVIRONMENT.get_template("style.css").render()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'"
)
"""The Content-Security-Policy of every page: its own style, and nothing else."""
