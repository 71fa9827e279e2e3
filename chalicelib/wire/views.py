"""What callers read: every resource as plain JSON values, money as text. Shared by HTTP and the invoked functions."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from ..domain import money, wording
from ..domain.account import Account
from ..domain.charging import Line
from ..domain.ledger import Entry
from ..domain.minutes import DayTotal, Rated
from ..domain.package import Package, wire_match
from ..domain.record import Result, RunRecord
from ..domain.run import NotDue, Outcome, Report, Sum, Summary, Totals, tally
from ..domain.schedule import DAY
from ..domain.warning import BillingWarning
from ..usecases.assignments import Detail
from ..usecases.daily_run import Started
from ..usecases.reversal import Reversal
from ..usecases.run_package import LISTED
from ..usecases.usage import Minutes

Json = dict[str, Any]


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def _written(resource: Package | Account | Any) -> Json:
    names = ("version", "created_at", "created_by", "updated_at", "updated_by")
    return {name: getattr(resource, name) for name in names}


def warnings(found: Iterable[BillingWarning]) -> Json:
    """What an answer adds of things to know about what was done."""
    return {"warnings": [_warning(one) for one in found]}


def _warning(value: BillingWarning) -> Json:
    optional = {"pointer": value.pointer, "ids": list(value.ids)}
    return {"code": value.code, "detail": value.detail} | {name: given for name, given in optional.items() if given}


def package(value: Package) -> Json:
    """A package."""
    return {
        "package_id": value.package_id, "name": value.name, "description": value.description, "currency": value.currency,
        "cost": money.text(value.cost), "retail": money.text(value.retail),
        "setup_cost": money.text(value.setup_cost), "setup_retail": money.text(value.setup_retail),
        "frequency": value.frequency, "frequency_match": wire_match(value.frequency, value.frequency_match),
        "connexcs_package": value.connexcs_package, "minimum_days": value.minimum_days, "type": value.type,
        "destination": value.destination or None, "minimum_spend": value.minimum_spend, **_written(value),
    }  # fmt: skip


def customer(value: Account) -> Json:
    """A customer with the balance as it stands."""
    limit = None if value.debit_limit is None else money.text(value.debit_limit)
    return {
        "customer_id": value.customer_id, "name": value.name, "currency": value.currency, "debit_limit": limit,
        "balance": money.text(value.balance), "held_charges": value.held, "parked": value.parked, **_written(value),
    }  # fmt: skip


def assignment(detail: Detail) -> Json:
    """An assignment with its package, and what is used of its free minutes today."""
    value = detail.assignment
    return {
        "assignment_id": value.assignment_id, "customer_id": value.customer_id, "package_id": value.package_id,
        "did": value.did, "quantity": value.quantity, "start_date": _day(value.start_date), "end_date": _day(value.end_date),
        "auto_decrement_credit": value.auto_decrement_credit, "free_minutes": value.free_minutes,
        "minimum_days": value.minimum_days, "charge_from": _day(value.charge_from), "cancelled": value.cancelled,
        "evaluate_from": _day(value.evaluate_from), "minutes": detail.minutes and minutes(detail.minutes),
        **_written(value), "package": package(detail.package),
    }  # fmt: skip


def rated(value: Rated) -> Json:
    """A call as it was rated."""
    return {
        "call_id": value.call.call_id, "free_seconds": value.free_seconds, "billable_seconds": value.billable_seconds,
        "charge": money.text(value.charge),
        "drawn": [{"assignment_id": draw.key.assignment_id, "seconds": draw.seconds} for draw in value.drawn],
    }  # fmt: skip


def usage_day(day: date, did: str | None, value: DayTotal) -> Json:
    """What the calls of a day come to."""
    return {
        "date": _day(day), "did": did, "spend": money.text(value.charge), "seconds": value.seconds,
        "free_seconds": value.free_seconds, "calls": value.calls,
    }  # fmt: skip


def minutes(value: Minutes) -> Json:
    """A bucket of free minutes; all but `free_minutes` in seconds."""
    bucket = value.bucket
    return {
        "assignment_id": value.assignment.assignment_id, "package_id": value.package.package_id,
        "package_name": value.package.name, "did": value.assignment.did, "destination": value.package.destination or None,
        "free_minutes": value.assignment.free_minutes, "unit": "seconds", "total": bucket.total_seconds, "used": value.used,
        "remaining": max(0, bucket.total_seconds - value.used), "began_on": _day(bucket.key.begins),
        "refills_on": _day(bucket.refills_on), "ends_on": _day(value.assignment.end_date),
        "waiting_for_payment": value.waiting,
    }  # fmt: skip


def entry(value: Entry) -> Json:
    """A ledger entry; for charges with what it was computed from."""
    shown: Json = {
        "entry_id": value.entry_id, "customer_id": value.customer_id, "kind": value.kind, "date": _day(value.date),
        "posted_at": value.posted_at, "recorded_at": value.recorded_at, "recorded_by": value.recorded_by,
        "currency": value.currency, "retail": money.text(value.retail), "cost": money.text(value.cost),
        "credit_change": money.text(value.credit_change), "status": value.status, "repeat": value.repeat, "run_id": value.run_id,
    }  # fmt: skip
    if value.line:
        shown |= _computed_from(value.line)
    optional = {"reference": value.reference, "reverses": value.reverses, "cancelled_by": value.cancelled_by}
    return shown | {name: given for name, given in optional.items() if given is not None}


def _computed_from(line: Line) -> Json:
    days = line.covers
    period = {"from": _day(days.since), "to": _day(days.until), "through": _day(days.until - DAY)} if days else None
    return {
        "assignment_id": line.assignment_id, "package_id": line.package_id, "package_name": line.package_name, "did": line.did,
        "period": period, "quantity": line.quantity,
        "unit_cost": money.text(line.unit_cost), "unit_retail": money.text(line.unit_retail),
        "spend": None if line.spend is None else money.text(line.spend), "margin": money.text(line.margin),
        "auto_decrement_credit": line.auto_decrement_credit, "explanation": wording.explanation(line),
    }  # fmt: skip


def line(outcome: Outcome) -> Json:
    """A line of a report."""
    value = outcome.line
    return {
        "kind": value.kind, "due_date": _day(value.due_date), "currency": value.currency,
        "cost": money.text(value.cost), "retail": money.text(value.retail), "status": outcome.status,
        "already_charged": outcome.already_charged, "customer": value.customer_id, **_computed_from(value),
    }  # fmt: skip


def totals(value: Totals) -> Json:
    """Sums of one currency."""
    return {
        "cost": money.text(value.cost), "retail": money.text(value.retail), "margin": money.text(value.margin),
        "credit_debited": money.text(value.credit_debited), "held": money.text(value.held),
    }  # fmt: skip


def _sums(by_currency: dict[str, Totals]) -> Json:
    """Totals of several customers: `totals` only when they share one currency, for euros and dollars don't add up."""
    one = next(iter(by_currency.values()), Totals()) if len(by_currency) < 2 else None
    return {
        "totals": totals(one) if one else None,
        "totals_by_currency": {currency: totals(value) for currency, value in sorted(by_currency.items())},
    }


def report(value: Report, listed: int = LISTED) -> Json:
    """A Run Package of one customer, with at most `listed` lines."""
    return {
        "run_id": value.run_id, "simulate": value.simulate, "date": _day(value.date), "customer": value.customer_id,
        "currency": value.currency, "generated_at": value.generated_at,
        "lines": [line(outcome) for outcome in value.outcomes[:listed]],
        "lines_left_out": max(0, len(value.outcomes) - listed),
        "not_due": [_not_due(one) for one in value.not_due[:LISTED]],
        "not_due_left_out": max(0, len(value.not_due) - LISTED),
        "totals": totals(tally(value.outcomes)), "balance_before": money.text(value.balance_before),
        "balance_after": money.text(value.balance_after), "held_before": _held_before(value), "parked": value.parked,
    }  # fmt: skip


def _held_before(of: Report) -> Json:
    held = of.held_before
    return {
        "count": held.charges, "retail": money.text(held.retail), "credit_debited": money.text(held.credit_debited),
        "explanation": wording.held_before(held, of.currency, of.balance_before, simulated=of.simulate),
    }  # fmt: skip


def _not_due(value: NotDue) -> Json:
    words: Json = {"assignment_id": value.assignment_id, "package_name": value.package_name, "reason": value.reason}
    amounts = {"spend": value.spend, "missing": value.missing}
    return words | {name: money.text(amount) for name, amount in amounts.items() if amount is not None}


def summary(value: Summary, run: RunRecord | None = None) -> Json:
    """A Run Package of all customers; a live one tells of parked customers among its failures."""
    parked = {"parked_customers": list(value.parked_customers), "parked_customers_left_out": value.parked_left_out}
    return ({} if run else parked) | {
        "run_id": run.run_id if run else None, "simulate": run is None, "date": _day(value.date), "customer": None,
        "generated_at": value.generated_at, **_sums(value.totals),
        "by_package": [_sum(one, "package_id", "package_name") for one in value.by_package],
        "by_package_left_out": value.packages_left_out,
        "by_customer": [_sum(one, "customer", None) for one in value.by_customer],
        "by_customer_left_out": value.customers_left_out,
    }  # fmt: skip


def _sum(value: Sum, id_name: str, name_name: str | None) -> Json:
    named = {name_name: value.name} if name_name else {}
    return {id_name: value.id, **named, "currency": value.currency, **totals(value.totals), "lines": value.totals.lines}


def run(value: RunRecord, result: Result) -> Json:
    """The record of a live run."""
    shown: Json = {
        "run_id": value.run_id, "kind": value.kind, "simulate": False, "date": _day(value.date), "customer": value.customer_id,
        "if_charged": value.if_charged, "include_written_off": value.include_written_off,
        "status": value.state, "created_at": value.created_at, "created_by": value.created_by,
        "finished_at": value.finished_at, "segments": value.segments, "segments_done": _through(value),
        **_sums(result.totals), "lines_posted": sum(one.lines for one in result.totals.values()),
        "failures_total": result.failed,
        "failures": [one._asdict() | {"due_date": _day(one.due_date)} for one in result.failures],
    }  # fmt: skip
    if value.reversed_on:
        shown["reversal"] = {
            "date": _day(value.reversed_on), "at": value.reversed_at, "by": value.reversed_by, "status": value.reversal or "reversed",
            "reversals": value.reversals, "cancelled": value.reversals_cancelled, "failures_total": value.reversals_failed,
        }  # fmt: skip
    return shown


def _through(run: RunRecord) -> int:
    """Pieces that are through: of a finished run all, for that of one customer is not done piece by piece."""
    return len(run.done) if run.state == "running" else run.segments


def reversal(value: Reversal) -> Json:
    """What a reversal did."""

    def added(entries: Iterable[Entry], name: str) -> str:
        return money.text(money.total(getattr(one, name) for one in entries))

    return {
        "run_id": value.run.run_id, "date": _day(value.run.reversed_on), "reversed_at": value.run.reversed_at,
        "reversed_by": value.run.reversed_by, "reversals": [entry(one) for one in value.reversals[:LISTED]],
        "reversals_left_out": max(0, len(value.reversals) - LISTED),
        "cancelled": [entry(one) for one in value.cancelled[:LISTED]],
        "totals": {name: added(value.reversals, name) for name in ("cost", "retail", "credit_change")},
    }  # fmt: skip


def started(value: Started) -> Json:
    """The answer to an evaluation."""
    return {
        "run_id": value.run_id, "date": _day(value.day), "segments": value.segments,
        "status": "finished" if value.finished_before else "running", "finished_before": value.finished_before,
        "last_evaluated": _day(value.evaluated),
    }  # fmt: skip


def page(items: Sequence[Json], cursor: str | None) -> Json:
    """A page of a list."""
    return {"items": list(items), "next_cursor": cursor}
