"""Worlds made from seeds: customers, packages and a few days, in which everything happens at once and much goes wrong.

    run(7)                                      # raises Broken, with the seed, when an invariant does not hold
    python -m tests.world.simulate --seed 7     # replays it to the last call, and prints what happened

A world is a few scenes. In each, requests and workers of the queue take turns at every store call; what crashes is sent
again, or not. Between scenes days pass, or none. At the end faults stop, the queue is emptied, the last day is evaluated
until nothing changes any more, and `invariants.judge` looks at what became of it.
"""

import json
import logging
import random
import traceback
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar
from unittest.mock import patch

from chalicelib.domain.account import Account
from chalicelib.domain.errors import BillingError, Contention, Invalid, NotFound, Throttled
from chalicelib.domain.ledger import Entry
from chalicelib.domain.package import Package
from chalicelib.domain.record import StartedEvaluation
from chalicelib.domain.schedule import DAY, Frequency
from chalicelib.storage import assignments as stored
from chalicelib.storage.keys import TABLES
from chalicelib.usecases import customers, packages
from chalicelib.usecases.request_context import RequestContext
from chalicelib.usecases.runs import daily
from tests.harness import InProcess, Message

from . import invariants
from .dynamodb import PAGE_BYTES, DynamoDb, Knobs
from .faults import KINDS, Faults
from .requests import BOOKS, DRAWN, Request, create
from .scheduler import Crashed, Process, Scheduler, Stuck
from .watch import Broken, Watch, text

T = TypeVar("T")
FIRST_DAY: Final = date(2024, 2, 25)
LONG_NIGHTS: Final = (0, 1, 29, 33)
LONG_FIRST_DAY: Final = date(2024, 1, 28)
"""Some worlds last for months, and begin on days that February lacks."""
VISIBILITY_SECONDS: Final = 900.0
MOST_TRIES: Final = 6
SETTLING_ROUNDS: Final = 12


class Profile(NamedTuple):
    """What kind of world it is. A swarm: most worlds lack most kinds of faults, so that each kind also has worlds of its own."""

    fault_rate: float
    fault_kinds: tuple[str, ...]
    stickiness: float
    segments: int
    round_customers: int
    max_lines: int
    page_bytes: int
    index_lag: float
    hasty: float
    """How often a worker's time is up after its first round."""
    nights: tuple[int, ...]
    """How many days may pass between scenes."""
    ahead: int
    """How many days after today may be evaluated."""
    posting_fails: float
    """How often a worker of the daily evaluation fails to post for a reason that no patience helps against."""
    shares_anew: float
    """How often keys are shared out otherwise between the segments of a scan when a day has passed."""
    asked: tuple[int, ...]
    """The weights of the requests."""


def draw_profile(chance: random.Random) -> Profile:
    """The profile of a seed."""
    nights = chance.choice(((0, 1, 1, 2), (0, 1, 1, 2), (0, 1, 1, 2), LONG_NIGHTS))
    more = BOOKS if chance.random() < 0.3 else {}
    kinds = tuple(sorted(chance.sample(sorted(KINDS), chance.choice((1, 2, 4, len(KINDS))))))
    return Profile(
        fault_rate=chance.choice((0.0, 0.03, 0.1, 0.2)),
        fault_kinds=kinds,
        stickiness=chance.choice((0.0, 0.5, 0.9)),
        segments=chance.choice((1, 2, 3)),
        round_customers=chance.choice((1, 2, 2000)),
        max_lines=chance.choice((1000, 1000, 1000, 4)),
        page_bytes=chance.choice((PAGE_BYTES, 600, 1500)),
        index_lag=chance.choice((0.0, 0.0, 0.3)),
        hasty=chance.choice((0.0, 0.3)),
        nights=nights,
        ahead=chance.choice((0, 0, 2, 4)),
        posting_fails=chance.choice((0.0, 0.0, 0.4, 0.9)),
        shares_anew=chance.choice((0.0, 0.0, 0.5, 1.0)),
        asked=tuple(weight + more.get(drawn, 0) if chance.random() < 0.7 else 0 for drawn, weight in DRAWN.items()),
    )


class World(InProcess):
    """One seeded world."""

    def __init__(self, seed: int, *, traced: bool = False) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.profile = draw_profile(self.chance)
        self.scheduler = Scheduler(self.chance, self.profile.stickiness)
        self.faults = Faults(self.scheduler, self.chance, 0.0, self.profile.fault_kinds)
        self.faults.posting_fails = self.profile.posting_fails
        self.watch = Watch(lambda: self.scheduler.process)
        super().__init__(
            self._store(), by="sim", segments=self.profile.segments, max_lines=self.profile.max_lines, allow_future=self.profile.ahead > 0,
            threads=self.scheduler.pool, round_customers=self.profile.round_customers,
        )  # fmt: skip
        self._long = self.profile.nights is LONG_NIGHTS
        self.first_day = self.day = (LONG_FIRST_DAY if self._long else FIRST_DAY) + timedelta(days=self.chance.randrange(5))
        self.customers = [f"c{n}" for n in range(self.chance.choice((1, 2, 3)))]
        self.packages: list[str] = []
        self.called = 0
        self.notes: list[str] = []
        self._acts = 0
        self._turned = 0
        self._unanswered: list[tuple[Request, RequestContext, int]] = []
        self.answered: list[Entry] = []
        """The entries that were answered."""
        self._playing = False
        self._settling = False
        if traced:
            self.faults.trace = []

    def _store(self) -> DynamoDb:
        knobs = Knobs(
            now=lambda: self.scheduler.now,
            index_lag=lambda: self.profile.index_lag * self.chance.random() if self.profile.index_lag else 0.0,
            page_bytes=lambda: self.profile.page_bytes,
            batch_keys=lambda asked: asked if asked < 2 or not self._faulty() else 1 + int(self.chance.random() * asked),
            part=lambda segment, count: (segment + self._turned) % count,
        )
        store = DynamoDb(TABLES, knobs)
        store.hook = self.faults
        store.observers.append(self.watch)
        return store

    def _faulty(self) -> bool:
        return self.faults.rate > 0 and self.chance.random() < self.faults.rate

    def pick(self, of: Sequence[T]) -> T:
        return of[int(self.chance.random() * len(of))]

    def perhaps(self, probability: float) -> bool:
        return self.chance.random() < probability

    @property
    def last_day(self) -> date:
        """The last day that is evaluated in the end: today, or a later one whose evaluation has begun."""
        return max(self.day, self.watch.begun or self.day)

    def near(self, earliest: int, latest: int) -> date:
        """A day around today."""
        return self.day + timedelta(days=self.pick(range(earliest, latest + 1)))

    def a_customer(self) -> str:
        return self.pick(self.customers)

    def a_package(self) -> str:
        return self.pick(self.packages)

    def gives_minutes(self, package_id: str) -> bool:
        return text(self.watch.packages[package_id][-1], "type") == "free_minutes"

    def an_assignment(self) -> tuple[str, str] | None:
        known = list(self.watch.assignments)
        return self.pick(known) if known else None

    def a_run(self) -> str | None:
        known = [run_id for run_id, kind in self.watch.runs.items() if kind == "package"]
        return self.pick(known) if known else None

    def context(self, name: str = "act") -> RequestContext:
        """A new request's circumstances."""
        self._acts += 1
        return self.context_at(self.moment(), f"{name}{self._acts:04}", self.moment)

    def moment(self) -> datetime:
        """What a clock shows now."""
        return datetime.combine(self.day, time(12), UTC) + timedelta(seconds=self.scheduler.now % 40_000)

    def note(self, told: str) -> None:
        """A line of the trace."""
        if self.faults.trace is not None:
            self.notes.append(f"{self.scheduler.now:10.3f} {self.day} {told}")

    # The story

    def play(self) -> None:
        """All of it, in small worlds by the ways of large ones. Raises `Broken`."""
        with patch.object(stored, "WORTH_THE_INDEX", 0):
            self._play()
        self.demand_sound()

    def _play(self) -> None:
        self.scheduler.alone(self._furnish)
        self.faults.rate = self.profile.fault_rate
        for _ in range(self.pick((1, 2, 3, 4))):
            self._scene()
            self._night(self.pick(self.profile.nights))
        self.faults.rate = 0.0
        self._settle()
        self.scheduler.alone(partial(invariants.judge, self))

    def _night(self, days: int) -> None:
        """Days pass, or none; keys may be shared out otherwise between the segments of a scan than the day before."""
        missed = self.day + timedelta(days=days - 1) - max(self.day - DAY, self.watch.begun or self.day - DAY)
        self.watch.edits["days missed"] += max(0, missed.days)
        self.day += timedelta(days=days)
        self.scheduler.now += 1000 + 86_400 * days
        if days and self.perhaps(self.profile.shares_anew):
            self._turned += 1
            self.faults.injected["keys shared out otherwise"] += 1

    def demand_sound(self) -> None:
        """Raise `Broken` if anything is."""
        if self.watch.broken:
            raise Broken(f"seed {self.seed}: " + "\n  ".join(self.watch.broken[:8]))

    def _furnish(self) -> None:
        """What there is from the beginning."""
        for customer in self.customers:
            limit = self.pick((None, None, Decimal(0), Decimal(5), Decimal(20)))
            customers.write_customer(self.db, self.context(), customer, None, partial(_account, customer, limit))
        for _ in range(self.pick((1, 2, 3))):
            self.packages.append(packages.create_package(self.db, self.context("p"), self.draw_package()).package_id)
        for _ in range(self.pick((1, 2, 4))):
            with suppress(BillingError):
                create(self).work(self.context("a"))

    def draw_package(self) -> Package:
        """Some package."""
        frequencies: tuple[Frequency, ...] = ("weekly", "monthly", "none") if self._long else ("daily", "daily")
        frequency = self.pick(("daily", "weekly", "monthly", "none", *frequencies))
        days = {"weekly": range(7), "monthly": range(1, 32)}.get(frequency, range(0))
        match = tuple(sorted(self.chance.sample(days, 2))) if days and self.perhaps(0.5) else ()
        minutes = self.perhaps(0.3)
        return Package(
            "", "P", "EUR" if self.perhaps(0.05) else "USD",
            cost=Decimal(self.pick(("0", "1"))), retail=Decimal(self.pick(("2", "3.5", "0"))),
            setup_retail=Decimal(self.pick(("0", "0", "1"))), frequency=frequency, frequency_match=match,
            minimum_days=self.pick((0, 0, 0, 2)), type="free_minutes" if minutes else "standard",
            destination=self.pick(("", "^44|^1")) if minutes else "", minimum_spend=frequency != "none" and self.perhaps(0.25),
            proration="daily" if frequency in ("weekly", "monthly") and self.perhaps(0.6) else "none",
        )  # fmt: skip

    def _scene(self) -> None:
        """Some requests and the queue's messages, all at once."""
        waiting, self.queued = self.queued, []
        self._playing = True
        for message in waiting:
            self._deliver(message)
        again, self._unanswered = self._unanswered, []
        for request, context, tries in again:
            self._ask(request, context if request.keyed else self.context("i"), tries)
        for _ in range(self.pick((2, 4, 6))):
            drawn = self.chance.choices(list(DRAWN), self.profile.asked)[0] if any(self.profile.asked) else next(iter(DRAWN))
            if (new := drawn(self)) is not None:
                self._ask(new, self.context("i"), 0)
        if self.perhaps(0.7):
            day = self.near(0, self.profile.ahead)
            self._ask(Request("daily run", partial(self.evaluate, day)), self.context("d"), 0)
        self.scheduler.run()
        self._playing = False

    def evaluate(self, day: date, context: RequestContext) -> StartedEvaluation:
        return daily.start_evaluation(self.services, context, day, allow_future=day > self.day)

    # Requests

    def _ask(self, request: Request, context: RequestContext, tries: int, delay: float = 0.0) -> None:
        process = Process(f"{request.name} {context.id}.{tries}")
        self.scheduler.spawn(process, partial(self._try, process, request, context, tries), delay)

    def _try(self, process: Process, request: Request, context: RequestContext, tries: int) -> None:
        """One attempt; without an answer it is sent again, or in a later scene, or never."""
        try:
            answer: Any = request.work(context)
            if isinstance(answer, Entry):
                self.answered.append(answer)
        except (Crashed, Contention, Throttled, QueueDown) as error:
            answer = f"no answer: {type(error).__name__}"
            self._again(request, context, tries)
        except BillingError as error:
            answer = f"refused: {error.code} {error.detail}"
            excused = process.doubted or self._missed(error)
            self.watch.demand("a refused request changes nothing", excused or not process.facts, request.name, answer)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a defect
            answer = f"{type(error).__name__}: {error}"
            self.watch.demand("no request fails by itself", False, request.name, answer)
        self.watch.demand("a simulation writes nothing", not request.reads or process.changes == 0, request.name)
        self.note(f"{process.name}: {answer}")

    def _missed(self, error: Exception) -> bool:
        """Whether it is about something that another request has removed meanwhile, or a run too large that was refused before."""
        return (isinstance(error, NotFound) and self.watch.gone) or (isinstance(error, Invalid) and error.code == "too_many")

    def _again(self, request: Request, context: RequestContext, tries: int) -> None:
        if tries >= MOST_TRIES or self.perhaps(0.15):
            return
        if self.perhaps(0.2):
            self._unanswered.append((request, context, tries + 1))
        else:
            self._ask(request, context if request.keyed else self.context("i"), tries + 1, self.chance.random() * 40)

    # The queue

    def send(self, messages: list[dict[str, object]]) -> None:
        """The queue: at least once, in any order, now or in a later scene."""
        for message in messages:
            self.scheduler.switch()
            if self._faulty():
                self.faults.injected["queue down"] += 1
                raise QueueDown
            as_sent: Message = json.loads(json.dumps(message))
            copies = 2 if self._faulty() or (self.faults.rate and self.perhaps(0.05)) else 1
            self.faults.injected["message twice"] += copies - 1
            for _ in range(copies):
                if self._settling or (self._playing and self.perhaps(0.85)):
                    self._deliver(as_sent, self.chance.random() * 3)
                else:
                    self.queued.append(as_sent)

    def _deliver(self, message: Message, delay: float = 0.0) -> None:
        process = Process(f"{message['kind']} {message['run_id']}#{message.get('segment', '')}.{message.get('piece', '')}")
        self.scheduler.spawn(process, partial(self._work, process, message), delay)

    def _work(self, process: Process, message: Message) -> None:
        """One delivery. What fails is visible again later."""
        try:
            self.carry_out(message, self.context("w"), self._clock())
            self.note(f"{process.name}: worked off")
        except (Crashed, Contention, Throttled, QueueDown) as error:
            self.note(f"{process.name}: {type(error).__name__}")
            if self.perhaps(0.2) and self._playing:
                self.queued.append(message)
            else:
                self._deliver(message, self.chance.random() * VISIBILITY_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a defect
            self.watch.demand("no message fails by itself", self._missed(error), process.name, type(error).__name__, error)

    def _clock(self) -> Any:
        """`seconds_left`: a hasty worker's time is up after the first round."""
        hasty = self.faults.rate > 0 and self.perhaps(self.profile.hasty)
        self.faults.injected["time limit"] += hasty
        return lambda: 10.0 if hasty else 100.0

    # The end

    def _settle(self) -> None:
        """Faults have stopped. Deliver what is left, evaluate the last day until nothing changes any more."""
        self._settling = True
        waiting, self.queued = self.queued, []
        for message in waiting:
            self._deliver(message)
        self.scheduler.run()
        for _ in range(SETTLING_ROUNDS):
            self.scheduler.now += 1000
            before = self.watch.changes
            self.scheduler.alone(self._unpark_all)
            self.evaluate_last_day()
            if self.watch.changes == before:
                return
        self.watch.demand("the last day comes to an end", False)

    def evaluate_last_day(self) -> None:
        """Evaluate the last day, and have the queue's work done."""
        self.scheduler.alone(lambda: self.evaluate(self.last_day, self.context("e")), "evaluate")

    def evaluate_amid_faults(self) -> None:
        """Evaluate the last day once, with whatever goes wrong in this world."""
        self.faults.rate = self.profile.fault_rate
        self._ask(Request("daily run", partial(self.evaluate, self.last_day)), self.context("d"), 0)
        self.scheduler.run()
        self.faults.rate = 0.0

    def _unpark_all(self) -> None:
        for item in self.store.items("accounts"):
            if "parked" in item:
                customers.unpark_customer(self.db, self.context("u"), str(text(item, "pk")))


class QueueDown(Exception):
    """The queue does not take a message."""


def _account(customer: str, limit: Decimal | None, _: Account | None) -> Account:
    return Account(customer, "USD", debit_limit=limit)


class Tally(NamedTuple):
    """What seeds came to."""

    schedules: int
    calls: int
    faults: Counter[str]
    checked: Counter[str]
    edits: Counter[str]

    def plus(self, other: "Tally") -> "Tally":
        return Tally(
            self.schedules + other.schedules, self.calls + other.calls, self.faults + other.faults, self.checked + other.checked,
            self.edits + other.edits,
        )  # fmt: skip

    def sentence(self) -> str:
        """The last line of a long run."""
        return (
            f"{self.schedules:,} schedules of {self.calls:,} store calls, {self.faults.total():,} faults injected, "
            f"{self.checked.total():,} invariants checked: none broken"
        )


def run(seed: int, *, traced: bool = False) -> Tally:
    """Play a seed's world. Raises `Broken`, naming the seed."""
    log = logging.getLogger("packages_billing")
    was, log.disabled = log.disabled, True
    world = World(seed, traced=traced)
    try:
        world.play()
    except Exception as error:  # noqa: BLE001 - whatever it is, its seed is told
        told = str(error) if isinstance(error, (Broken, Stuck)) else traceback.format_exc()
        raise Broken(f"seed {seed} is broken; python -m tests.world.simulate --seed {seed} replays it\n{told}\n{trace(world)}") from None
    finally:
        log.disabled = was
    held = Counter({"charges held": len(world.watch.ever_held)})
    return Tally(1, world.faults.calls, world.faults.injected, world.watch.checked, world.watch.edits + held)


def trace(world: World) -> str:
    """What happened, if it was written down."""
    if world.faults.trace is None:
        return ""
    calls = [f"{e.now:10.3f}   {e.process}: {e.operation} {e.about}" + (f" !! {e.fault}" if e.fault else "") for e in world.faults.trace]
    return "\n".join([str(world.profile), *sorted([*calls, *world.notes], key=lambda line: float(line.split()[0]))])
