"""Notices of the calendar, made in the daily run after the charges of a round. `domain.notices` says what is told, and when.

Whatever is repeated or doubled comes to the same: each notice is kept once, under a key of its own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from datetime import timedelta
from functools import partial
from typing import NamedTuple, TypeVar

from ...domain import notices
from ...domain.account import Account
from ...domain.assignment import Assignment
from ...domain.charging import Line
from ...domain.errors import Throttled, code_and_detail
from ...domain.features import FeatureState, feature_notice, states_to_tell
from ...domain.forecast_account import PlannedLine
from ...domain.forecast_days import CustomerFacts
from ...domain.history import Change, HistoryItem
from ...domain.ledger import charge_key
from ...domain.notice_days import NoticeDays
from ...domain.notices import NoticeSpan, UpcomingCharges
from ...domain.package import Package
from ...domain.record import Failure
from ...domain.schedule import DAY
from ...domain.terms import features_on
from ...storage import accounts, features_told, history, ledger
from .. import forecasts
from ..posting import LedgerKey
from ..request_context import RequestContext, Services
from . import marks
from .rounds import CustomerPlan
from .sweep import read_group

T = TypeVar("T")
PackagesOf = Callable[[list[Assignment]], Mapping[str, Package]]


class _Upcoming(NamedTuple):
    """A customer of whose charges is to be told: as it was read, and the dates with what is due on each."""

    account: Account
    assignments: Sequence[Assignment]
    catalog: Mapping[str, Package]
    dates: Sequence[tuple[UpcomingCharges, Sequence[Line]]]

    @property
    def customer_id(self) -> str:
        return self.account.customer_id

    @property
    def lines(self) -> Iterator[Line]:
        """Those of all dates."""
        return (line for _, lines in self.dates for line in lines)

    @property
    def needs_planning(self) -> bool:
        """Whether the planner has to say what becomes of them."""
        return notices.needs_planning(self.account, self.lines)


class _Seen(NamedTuple):
    """What there is to tell of a customer."""

    ends: Sequence[Change]
    features: Sequence[FeatureState]
    upcoming: _Upcoming | None


class Notifier:
    """Makes the notices of a span of days, for one message of a sweep. `failures` are of customers for whom that was not possible."""

    def __init__(self, services: Services, context: RequestContext, days: NoticeDays, span: NoticeSpan, packages_of: PackagesOf) -> None:
        self.failures: list[Failure] = []
        self._services, self._db, self._context = services, services.db, context
        self._days, self._span, self._packages_of = days, span, packages_of

    def tell(self, plans: Sequence[CustomerPlan], pool: Executor) -> None:
        """Tell the customers of a round what there is to tell. Raises `Throttled`."""
        found: list[Change] = []
        upcoming: list[_Upcoming] = []
        states: list[tuple[str, FeatureState]] = []
        for plan in plans:
            if made := self._guarded(plan.group.customer_id, partial(self._look, plan)):
                found += made.ends
                upcoming += [made.upcoming] if made.upcoming else []
                states += [(plan.group.customer_id, state) for state in made.features]
        found += self._of_upcoming(self._as_they_stand(upcoming, plans), pool)
        list(pool.map(partial(history.keep_notices, self._db), history.notice_batches(self._items(found), self._retention)))
        list(pool.map(lambda one: self._tell_feature(*one), states))

    @property
    def _retention(self) -> timedelta:
        return self._context.history_retention

    def _items(self, found: Iterable[Change]) -> list[HistoryItem]:
        at = self._context.clock().isoformat()
        return [HistoryItem(at, self._context.by, one) for one in found]

    def _tell_feature(self, customer_id: str, state: FeatureState) -> None:
        """The state first, then its notice: whoever comes upon the state of a day that is not evaluated tells it again."""
        kept = features_told.keep_feature(self._db, customer_id, state)
        for item in self._items([feature_notice(customer_id, kept)] if kept else []):
            for batch in history.notice_batches([item], self._retention):
                history.keep_notices(self._db, batch)

    def _guarded(self, customer_id: str, make: Callable[[], T]) -> T | None:
        """What is made for a customer. If that fails, later runs look at the same days again."""
        try:
            return make()
        except Throttled:
            raise
        except Exception as error:  # noqa: BLE001 - told and marked, whatever it is
            marks.set_back_customer(self._db, customer_id, self._span.passed + DAY)
            self.failures.append(Failure(customer_id, None, self._span.day, *code_and_detail(error)))
            return None

    def _look(self, plan: CustomerPlan) -> _Seen:
        """What is told of a customer's ends and features, and of which charges is to be told. One that the sweep saw a part of is read
        again. Assignments that can't be planned, or lack their package, are failures of the charges already."""
        account, group = plan.group.account, plan.group
        if not group.whole:
            group = read_group(self._db, account.customer_id) or group
        catalog, span = self._packages_of(group.assignments), self._span
        found = [one for one in group.assignments if one.package_id in catalog and one.assignment_id not in plan.unplanned]
        if account.evaluate_from and account.evaluate_from <= span.passed:
            span = span._replace(passed=account.evaluate_from - DAY)
        ends = list(notices.ends_told(found, catalog, span, self._days.term))
        asked = notices.upcoming_charges(found, catalog, span, self._days.upcoming) if plan.is_charged else []
        dates = [(one, lines) for one in asked if (lines := notices.lines_due_on(found, catalog, one))]
        states = list(states_to_tell(group.features, features_on(found, catalog, span.day), self._span.passed, span.day))
        return _Seen(ends, states, _Upcoming(account, found, catalog, dates) if dates else None)

    def _as_they_stand(self, upcoming: Sequence[_Upcoming], plans: Iterable[CustomerPlan]) -> list[_Upcoming]:
        """With their balances after the charges of the round."""
        moved = {plan.group.customer_id for plan in plans if plan.decisions}
        wanted = [one.customer_id for one in upcoming if one.customer_id in moved]
        current = accounts.find_accounts(self._db, wanted) if wanted else {}
        return [one._replace(account=current.get(one.customer_id, one.account)) for one in upcoming]

    def _of_upcoming(self, upcoming: Sequence[_Upcoming], pool: Executor) -> Iterator[Change]:
        planning = [one for one in upcoming if one.needs_planning]
        priced = [one for one in upcoming if not one.needs_planning]
        charged = self._charged(line for one in priced for line in one.lines)
        for one in priced:
            lines = [PlannedLine(line.due_date, line, "", "posted") for line in one.lines if _place(line) not in charged]
            yield from _told(one, lines)
        planned = pool.map(lambda one: self._guarded(one.customer_id, partial(self._plan, one)), planning)
        for one, found in zip(planning, planned, strict=True):
            yield from _told(one, found or ())

    def _charged(self, lines: Iterable[Line]) -> set[LedgerKey]:
        """Those that a Run Package has charged ahead of their date."""
        places = {_place(line) for line in lines}
        return set(ledger.find_entries(self._db, places)) if places else set()

    def _plan(self, one: _Upcoming) -> list[PlannedLine]:
        """What becomes of the charges when their dates are evaluated, and of all that is due before. What could not be charged so far is
        left out."""
        first, dates = self._span.day + DAY, [asked.date for asked, _ in one.dates]
        since = {each.assignment_id: max(first, each.evaluate_from or first) for each in one.assignments}
        facts = CustomerFacts(
            one.account, one.assignments, one.catalog, first, self._context.at, since, lines_max=self._services.max_lines
        )  # fmt: skip
        return notices.planned_lines(forecasts.load_facts(self._db, facts, max(dates)), dates)


def _place(line: Line) -> LedgerKey:
    return line.customer_id, charge_key(line.identity)


def _told(one: _Upcoming, lines: Sequence[PlannedLine]) -> Iterator[Change]:
    made = (notices.upcoming_notice(one.account, asked, lines) for asked, _ in one.dates)
    return (notice for notice in made if notice)
