"""Forecasts: what the days to come depend on is loaded, and the days are planned. Writes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from ..domain import charging, schedule
from ..domain.account import Account
from ..domain.assignment import Assignment, uncharged_since
from ..domain.errors import Fault, Invalid, demand_open
from ..domain.forecast import Forecast, ForecastRequest, forecast
from ..domain.forecast_changes import Changes, WhatIf, with_changes
from ..domain.forecast_days import AVERAGE_DAYS, FORECAST_DAYS_MAX, Calls, CustomerFacts
from ..domain.package import Package
from ..domain.progress import Progress
from ..domain.schedule import DAY
from ..domain.taking_back import KINDS
from ..storage import ledger, packages, progress, usage
from ..storage.db import Db
from .request_context import RequestContext, Services
from .runs import corrections
from .runs.limits import REQUEST_LIMITS, Limits, load_within
from .snapshot import CustomerSnapshot

FORECAST_LIMITS: Final = REQUEST_LIMITS._replace(instead="a forecast of one request can't look at so many")
REQUEST_LINES_MAX: Final = 200_000
"""Lines that are planned while the caller waits: some seconds of a function, twice that with changes."""
FORECAST_ENTRIES_MAX: Final = 50_000
"""Ledger entries that are looked through: those that are dated in the days asked for, and those that may be taken back from."""
WORK_ENTRIES_MAX: Final = 500_000
"""The same where nobody waits."""


class ForecastAsk(NamedTuple):
    """What a caller wants to know, of all packages or of one; `first` None: from the first open day on."""

    last: date
    first: date | None = None
    changes: Changes | None = None
    package_id: str | None = None


def forecast_customer(
    services: Services, context: RequestContext, customer_id: str, ask: ForecastAsk, listed: int, limits: Limits = FORECAST_LIMITS
) -> Forecast | WhatIf:
    """The forecast of one customer, with changes also with them; `listed` lines of it. Raises `NotFound`, `NotOpen`, or `Invalid`, also
    too_many."""
    db = services.db
    snapshot = load_within(db, customer_id, limits)
    standing = progress.read_progress(db)
    request, first = _checked(db, context, ask, standing, listed)
    wanted = FactsWanted(first, ask.last, context.at, services.max_lines, FORECAST_ENTRIES_MAX)
    facts = gather_facts(db, snapshot, standing, wanted)
    before = forecast(facts, request._replace(most=REQUEST_LINES_MAX))
    if ask.changes is None:
        return before
    return WhatIf(before, forecast(with_changes(facts, ask.changes), request._replace(most=REQUEST_LINES_MAX)))


def checked_request(db: Db, context: RequestContext, ask: ForecastAsk, listed: int) -> tuple[ForecastRequest, date]:
    """The days that are asked for, and the first open day. Raises `NotOpen`, `Invalid`."""
    return _checked(db, context, ask, progress.read_progress(db), listed)


def _checked(db: Db, context: RequestContext, ask: ForecastAsk, standing: Progress, listed: int) -> tuple[ForecastRequest, date]:
    first = schedule.first_open_day(context.today, standing.latest_started)
    request = _request(ask, first, context.today, listed)
    _demand_packages(db, ask, first)
    return request, first


class FactsWanted(NamedTuple):
    """What is planned: from the first open day through `last`, as of the moment `at`; by the safety bound of an evaluation, and by so many
    ledger entries at most."""

    first: date
    last: date
    at: datetime
    lines_max: int
    entries_max: int


def gather_facts(db: Db, snapshot: CustomerSnapshot, standing: Progress, wanted: FactsWanted) -> CustomerFacts:
    """What the days to come of a customer depend on. Raises `Invalid` too_many."""
    account, found, catalog, _ = snapshot
    since = _uncharged_since(account, found, standing, wanted.first)
    facts = CustomerFacts(account, found, catalog, wanted.first, wanted.at, since, lines_max=wanted.lines_max)
    return load_facts(db, facts, wanted.last, wanted.entries_max)


def load_facts(db: Db, facts: CustomerFacts, last: date, entries_max: int = FORECAST_ENTRIES_MAX) -> CustomerFacts:
    """The facts with what the ledger and the usage say of the customer, as far as the days through `last` depend on it."""
    account = facts.account
    changing = {one.assignment_id: one for one in facts.assignments if _is_prorated(facts, one)}
    since = min([facts.first, *facts.since.values(), *_periods_begun(facts, changing, last)])
    charged, charges = set(), []
    for count, entry in enumerate(ledger.each_dated_in(db, account.customer_id, since, last + DAY), 1):
        if count > entries_max:
            seen = f"{entries_max} ledger entries since {since}"
            detail = f"the forecast depends on more than {seen}, more than are looked through"
            raise Invalid([Fault("/customer", detail)], code="too_many")
        if entry.line:
            charged.add(entry.key)
        if entry.line and entry.kind in KINDS and entry.status != "held" and entry.line.assignment_id in changing:
            charges.append(entry)
    held = ledger.held_of(db, account.customer_id, account.held) if account.held else []
    calls = _calls(db, facts, last)
    return facts._replace(charged=frozenset(charged), charges=charges, held=held, calls=calls)


def _request(ask: ForecastAsk, first_open: date, today: date, listed: int) -> ForecastRequest:
    first = ask.first or first_open
    demand_open(first, first_open)
    if ask.last < first:
        raise Invalid([Fault("/to", f"lies before the first day, {first}")])
    if (ask.last - first).days >= FORECAST_DAYS_MAX:
        raise Invalid([Fault("/to", f"must lie at most {FORECAST_DAYS_MAX} days from the first day, {first}, both included")])
    return ForecastRequest(first, ask.last, today, listed, package_id=ask.package_id)


def _uncharged_since(account: Account, found: Sequence[Assignment], standing: Progress, first: date) -> dict[str, date]:
    """The first day that may be uncharged on each assignment, by id, as the next evaluation will find it."""
    ordinary = {one.assignment_id: uncharged_since(one, standing.first_unevaluated_day(first), account.evaluate_from) for one in found}
    return corrections.looking_back(found, ordinary, standing.corrected)


def _is_prorated(facts: CustomerFacts, one: Assignment) -> bool:
    package = facts.packages.get(one.package_id)
    return package is not None and package.proration == "daily"


def _periods_begun(facts: CustomerFacts, changing: Mapping[str, Assignment], last: date) -> Iterator[date]:
    """The first days of the periods of which something may be taken back."""
    for one in changing.values():
        since = facts.since.get(one.assignment_id, facts.first)
        for due in charging.dues(one, facts.packages[one.package_id], since, last):
            if due.kind == "proration" and due.period:
                yield due.period.whole.since


def _calls(db: Db, facts: CustomerFacts, last: date) -> Calls:
    """What calls cost by day, of the customer and of DIDs, as far as minimum spends count them."""
    since: dict[str | None, date] = {}
    for one in facts.assignments:
        package = facts.packages.get(one.package_id)
        if package and package.minimum_spend:
            settled = facts.since.get(one.assignment_id, facts.first) - charging.schedule_of(one, package).longest_gap
            since[one.did] = min(settled, since.get(one.did, facts.first - timedelta(days=AVERAGE_DAYS)))
    return {did: usage.spend_by_day(db, facts.account.customer_id, did, begun, last + DAY) for did, begun in since.items()}


def _demand_packages(db: Db, ask: ForecastAsk, first_open: date) -> None:
    """Raise `Invalid` for packages that don't exist, and for changes that begin before the first open day."""
    changes = ask.changes or Changes()
    named: list[tuple[str, str | None, date]]
    named = [(f"/changes/prices/{n}", one.package_id, one.prices.begins) for n, one in enumerate(changes.prices)]
    named += [(f"/changes/discounts/{n}", one.package_id, one.begins) for n, one in enumerate(changes.discounts)]
    wanted = [("/package", ask.package_id), *((f"{place}/package_id", package_id) for place, package_id, _ in named)]
    asked = {package_id for _, package_id in wanted if package_id}
    known: Mapping[str, Package] = packages.find_packages(db, asked) if asked else {}
    faults = [
        Fault(place, f"there is no package {package_id}")
        for place, package_id in wanted
        if package_id and (package_id not in known or known[package_id].deleted)
    ]
    faults += [Fault(f"{place}/from", f"lies before the first open day, {first_open}") for place, _, begins in named if begins < first_open]
    if faults:
        raise Invalid(faults)
