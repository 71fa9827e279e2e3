"""Domain values as what callers read: plain JSON values, money as text. Shared by HTTP and the invoked functions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from ..domain import money, wording
from ..domain.amending import as_shown
from ..domain.charging import Line
from ..domain.detail import Detail, MinutesInUse
from ..domain.ledger import Entry
from ..domain.minutes import DayTotal, Rated
from ..domain.package import Package, wire_match
from ..domain.prices import in_force
from ..domain.record import Failure, RecordedRun, Result, Reversal, RunRecord, StartedEvaluation
from ..domain.report import REPORT_LINES_MAX, NotDue, Outcome, Report, Summary, SummaryGroup, Totals, total_of
from ..domain.schedule import DAY
from ..domain.terms import terms_on
from ..domain.warning import BillingWarning
from . import answers
from .field_values import fields_of, iso
from .prices import price_list_view


def warnings_view(found: Iterable[BillingWarning]) -> list[answers.Warning]:
    """Things to know about what was done."""
    return [_warning(one) for one in found]


def _warning(value: BillingWarning) -> answers.Warning:
    shown: answers.Warning = {"code": value.code, "detail": value.detail}
    if value.pointer:
        shown["pointer"] = value.pointer
    if value.ids:
        shown["ids"] = list(value.ids)
    return shown


def package_view(shown: Package) -> answers.Package:
    """A package as it is shown on a day (`prices.in_force`)."""
    match = wire_match(shown.frequency, shown.frequency_match)
    following = price_list_view(shown.price_lists[0]) if shown.price_lists else None
    return fields_of(answers.Package, shown, frequency_match=match, destination=shown.destination or None, next_prices=following)


def assignment_view(detail: Detail) -> answers.Assignment:
    """An assignment with its package, and what is used of its free minutes today."""
    used = minutes(detail.minutes) if detail.minutes else None
    shown = as_shown(detail.assignment, detail.shown_on)
    paused = terms_on(detail.assignment, max(detail.shown_on, shown.start_date)).paused
    return fields_of(
        answers.Assignment, shown, package=package_view(in_force(detail.package, detail.shown_on)), minutes=used, paused=paused
    )


def rated_view(value: Rated) -> answers.RatedCall:
    """A call as it was rated."""
    return {
        "call_id": value.call.call_id, "free_seconds": value.free_seconds, "billable_seconds": value.billable_seconds,
        "charge": money.text(value.charge),
        "drawn": [{"assignment_id": draw.assignment_id, "seconds": draw.seconds} for draw in value.drawn],
    }  # fmt: skip


def usage_day_view(day: date, did: str | None, value: DayTotal) -> answers.UsageDay:
    """What the calls of a day come to."""
    return {
        "date": day.isoformat(), "did": did, "spend": money.text(value.charge), "seconds": value.seconds,
        "free_seconds": value.free_seconds, "calls": value.calls,
    }  # fmt: skip


def minutes(value: MinutesInUse) -> answers.Minutes:
    """A bucket of free minutes; all but `free_minutes` in seconds."""
    bucket = value.bucket
    return {
        "assignment_id": value.assignment.assignment_id, "package_id": value.package.package_id,
        "package_name": value.package.name, "did": value.assignment.did, "destination": value.package.destination or None,
        "free_minutes": value.assignment.free_minutes, "unit": "seconds", "total": bucket.total_seconds, "used": value.used,
        "remaining": max(0, bucket.total_seconds - value.used), "began_on": bucket.key.begins.isoformat(),
        "refills_on": iso(bucket.refills_on), "ends_on": iso(value.assignment.end_date),
        "waiting_for_payment": value.waiting,
    }  # fmt: skip


def entry_view(value: Entry) -> answers.LedgerEntry:
    """A ledger entry; for charges with what it was computed from."""
    shown: answers.LedgerEntry = {
        "entry_id": value.entry_id, "customer_id": value.customer_id, "kind": value.kind, "date": value.date.isoformat(),
        "posted_at": value.posted_at, "recorded_at": value.recorded_at, "recorded_by": value.recorded_by,
        "currency": value.currency, "retail": money.text(value.retail), "cost": money.text(value.cost),
        "credit_change": money.text(value.credit_change), "status": value.status, "version": value.version,
        "repeat": value.repeat, "run_id": value.run_id, "account_code": value.account_code, "tax_code": value.tax_code,
    }  # fmt: skip
    if value.line:
        credited: answers.LedgerEntry = {
            **shown, "credited_retail": money.text(value.credited_retail), "credited_cost": money.text(value.credited_cost),
            "voided": value.voided,
        }  # fmt: skip
        shown = {**credited, **computed_from(value.line)}
    if value.reference is not None:
        shown["reference"] = value.reference
    if value.reverses is not None:
        shown["reverses"] = value.reverses
    if value.credits is not None:
        shown |= {"credits": value.credits, "recharge": value.recharge}
    if value.reason is not None:
        shown["reason"] = value.reason
    if value.cancelled_by is not None:
        shown["cancelled_by"] = value.cancelled_by
    return shown


def computed_from(line: Line) -> answers.ComputedFrom:
    """What a charge is computed from, with the sentence that explains it."""
    days = line.covers
    period: answers.Period | None = None
    if days:
        period = {"from": days.since.isoformat(), "to": days.until.isoformat(), "through": (days.until - DAY).isoformat()}
    named: dict[str, str | None] = {"description": None}
    if line.is_one_off:
        named = {"assignment_id": None, "package_id": None, "package_name": None, "description": line.package_name}
    return fields_of(answers.ComputedFrom, line, period=period, explanation=wording.explanation(line), **named)


def line_view(outcome: Outcome) -> answers.Line:
    """A line of a report."""
    value = outcome.line
    return {
        "customer": value.customer_id, "kind": value.kind, "due_date": value.due_date.isoformat(), "currency": value.currency,
        "cost": money.text(value.cost), "retail": money.text(value.retail), "status": outcome.status,
        "already_charged": outcome.already_charged, "charged": _text(outcome.charged), "difference": _text(outcome.difference),
        **computed_from(value),
    }  # fmt: skip


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else money.text(amount)


def due_before(value: Line) -> answers.DueBefore:
    """What was due before the first open day and is charged at once."""
    return fields_of(answers.DueBefore, value)


def totals_view(value: Totals) -> answers.Totals:
    """Sums of one currency."""
    return fields_of(answers.Totals, value)


def _totals_by_currency(by_currency: dict[str, Totals]) -> answers.Sums:
    """Totals of several customers: `totals` only when they share one currency, for euros and dollars don't add up."""
    one = next(iter(by_currency.values()), Totals()) if len(by_currency) < 2 else None
    return {
        "totals": totals_view(one) if one else None,
        "totals_by_currency": {currency: totals_view(value) for currency, value in sorted(by_currency.items())},
    }


def simulation_view(found: Report | Summary, lines: int | None = None) -> answers.AnySimulation:
    """A simulated Run Package; of one customer with as many lines as ever, or with at most `lines`."""
    return summary_view(found) if isinstance(found, Summary) else report_view(found, lines or REPORT_LINES_MAX)


def report_view(value: Report, listed: int = REPORT_LINES_MAX) -> answers.Report:
    """A simulated Run Package of one customer, with at most `listed` lines."""
    return {
        "run_id": None, "simulate": True, "date": value.date.isoformat(), "customer": value.customer_id,
        **_one_customer(value, listed),
    }  # fmt: skip


def _one_customer(value: Report, listed: int = REPORT_LINES_MAX) -> answers.OneCustomer:
    return {
        "currency": value.currency, "generated_at": value.generated_at,
        "lines": [line_view(outcome) for outcome in value.outcomes[:listed]],
        "lines_left_out": max(0, len(value.outcomes) - listed),
        "not_due": [_not_due_view(one) for one in value.not_due[:REPORT_LINES_MAX]],
        "not_due_left_out": max(0, len(value.not_due) - REPORT_LINES_MAX),
        "totals": totals_view(total_of(value.outcomes)), "balance_before": money.text(value.balance_before),
        "balance_after": money.text(value.balance_after), "held_before": _held_before_view(value), "parked": value.parked,
        "digest": value.digest,
    }  # fmt: skip


def _held_before_view(of: Report) -> answers.HeldBefore:
    held = of.held_before
    return {
        "count": held.charges, "retail": money.text(held.retail), "credit_debited": money.text(held.credit_debited),
        "explanation": wording.held_before_explanation(held, of.currency, of.balance_before, simulated=of.simulate),
    }  # fmt: skip


def _not_due_view(value: NotDue) -> answers.NotDue:
    shown: answers.NotDue = {"assignment_id": value.assignment_id, "package_name": value.package_name, "reason": value.reason}
    if value.spend is not None:
        shown["spend"] = money.text(value.spend)
    if value.missing is not None:
        shown["missing"] = money.text(value.missing)
    return shown


def summary_view(value: Summary) -> answers.Summary:
    """A simulated Run Package of all customers."""
    return {
        "run_id": None, "simulate": True, "date": value.date.isoformat(), "customer": None,
        "parked_customers": list(value.parked_customers), "parked_customers_left_out": value.parked_left_out,
        **_all_customers(value), **_totals_by_currency(value.totals),
    }  # fmt: skip


def _all_customers(value: Summary) -> answers.AllCustomers:
    return {
        "generated_at": value.generated_at,
        "by_package": [{"package_id": one.id or None, "package_name": one.name or None, **_group_view(one)} for one in value.by_package],
        "by_package_left_out": value.packages_left_out,
        "by_customer": [{"customer": one.id, **_group_view(one)} for one in value.by_customer],
        "by_customer_left_out": value.customers_left_out,
    }


def _group_view(value: SummaryGroup) -> answers.GroupTotals:
    return {"currency": value.currency, **totals_view(value.totals), "lines": value.totals.lines}


def run_record_view(value: RunRecord, result: Result) -> answers.Run:
    """The record of a live run."""
    sums = _totals_by_currency(result.totals)
    shown: answers.Run = {
        "run_id": value.run_id, "kind": value.kind, "simulate": False, "date": value.date.isoformat(), "customer": value.customer_id,
        "if_charged": value.if_charged, "include_written_off": value.include_written_off,
        "status": value.state, "created_at": value.created_at, "created_by": value.created_by,
        "finished_at": value.finished_at, "segments": value.segments, "segments_done": _segments_done(value),
        "totals": sums["totals"], "totals_by_currency": sums["totals_by_currency"],
        "lines_posted": sum(one.lines for one in result.totals.values()),
        "failures_total": result.failed, "failures": [failure_view(one) for one in result.failures],
    }  # fmt: skip
    if value.reversed_on:
        shown["reversal"] = {
            "date": value.reversed_on.isoformat(), "at": value.reversed_at, "by": value.reversed_by,
            "status": value.reversal or "reversed", "reversals": value.reversals, "cancelled": value.reversals_cancelled,
            "failures_total": value.reversals_failed,
        }  # fmt: skip
    return shown


def failure_view(value: Failure) -> answers.Failure:
    """What could not be planned or posted."""
    return fields_of(answers.Failure, value)


def _segments_done(run: RunRecord) -> int:
    """Pieces that are through: of a finished run all, for that of one customer is not done piece by piece."""
    return len(run.done) if run.state == "running" else run.segments


def recorded_run_view(value: RecordedRun) -> answers.AnyRun:
    """A live run, with its report or its summary once it is finished."""
    known = run_record_view(value.record, value.result)
    if value.report:
        of_one: answers.CustomerRun = {**known, **_one_customer(value.report), "customer": value.report.customer_id}
        return of_one
    if value.summary:
        sums = _totals_by_currency(value.summary.totals)
        of_all: answers.WholeRun = {**known, **_all_customers(value.summary), **sums, "customer": None}
        return of_all
    return known


def reversal_view(value: Reversal) -> answers.Reversal:
    """What a reversal did."""

    def added(name: str) -> str:
        return money.text(money.total(getattr(one, name) for one in value.reversals))

    totals: answers.ReversalTotals = {"cost": added("cost"), "retail": added("retail"), "credit_change": added("credit_change")}
    return fields_of(
        answers.Reversal,
        value.run,
        date=iso(value.run.reversed_on),
        reversals=[entry_view(one) for one in value.reversals[:REPORT_LINES_MAX]],
        reversals_left_out=max(0, len(value.reversals) - REPORT_LINES_MAX),
        cancelled=[entry_view(one) for one in value.cancelled[:REPORT_LINES_MAX]],
        totals=totals,
    )


def started_view(value: StartedEvaluation) -> answers.Started:
    """The answer to an evaluation."""
    return {
        "run_id": value.run_id, "date": value.day.isoformat(), "segments": value.segments,
        "status": "finished" if value.finished_before else "running", "finished_before": value.finished_before,
        "last_evaluated": iso(value.last_evaluated),
    }  # fmt: skip
