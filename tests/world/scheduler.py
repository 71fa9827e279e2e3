"""Actors that take turns at every store call, in an order that a seed decides; time passes only when nobody can go on.

Each actor runs in a thread of its own and holds the baton while it runs. `switch` gives it to an actor that the seed
chooses, so the same seed makes the same schedule to the last call.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from threading import Lock, Thread
from typing import Any, TypeVar

from chalicelib.storage.retry import WAITING, Waiting

T = TypeVar("T")
CALL_SECONDS = 0.004
_idle: "list[_Carrier]" = []


class _Carrier:
    """A thread that carries one actor after the other: starting one for each would take longer than most of them run."""

    def __init__(self) -> None:
        self._job: Callable[[], None] | None = None
        self._given = Lock()
        self._given.acquire()
        Thread(target=self._carry, daemon=True).start()

    def give(self, job: Callable[[], None]) -> None:
        self._job = job
        self._given.release()

    def _carry(self) -> None:
        while True:
            self._given.acquire()
            if self._job is not None:
                self._job()


class Crashed(BaseException):
    """The process is gone: nothing but this simulation may catch it."""


class Stuck(AssertionError):
    """Nobody can go on, and no time will change that."""


class Process:
    """What crashes as a whole: an actor and its threads.

    `changes` counts the items that it has changed, `facts` those outside the records of runs. `doubted`: an answer to it got
    lost and the SDK sent the call again, which may then find the process's own change in its way.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.crashed = False
        self.changes = 0
        self.facts = 0
        self.doubted = False


class Actor:
    """One thread of a process, waiting for the baton, for a moment, or for something to come true."""

    def __init__(self, process: Process, work: Callable[[], Any], wake: float) -> None:
        self.process = process
        self.work = work
        self.wake = wake
        self.ready: Callable[[], bool] | None = None
        self.done = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.baton = Lock()
        self.baton.acquire()

    def can_go(self, now: float) -> bool:
        return self.wake <= now and (self.ready is None or self.process.crashed or self.ready())


class Scheduler:
    """Hands the baton on. `stickiness` is the chance that an actor keeps it although others could go."""

    def __init__(self, chance: random.Random, stickiness: float) -> None:
        self.now = 0.0
        self.switches = 0
        self._chance = chance
        self._stickiness = stickiness
        self._actors: list[Actor] = []
        self._current: Actor | None = None
        self._home = Lock()
        self._home.acquire()
        self._stuck = False

    @property
    def process(self) -> Process:
        """The process that runs."""
        assert self._current is not None
        return self._current.process

    @property
    def alone_now(self) -> bool:
        """Whether whoever runs is the last one."""
        return len(self._actors) == 1

    def spawn(self, process: Process, work: Callable[[], Any], delay: float = 0.0) -> Actor:
        """Have `work` run, `delay` seconds from now at the earliest."""
        actor = Actor(process, work, self.now + delay)
        self._actors.append(actor)
        carrier = _idle.pop() if _idle else _Carrier()
        carrier.give(lambda: self._carry(actor, carrier))
        return actor

    def run(self) -> None:
        """Let all actors run until none is left. Raises `Stuck`."""
        while self._actors:
            self._hand_on(self._choose(None))
            self._home.acquire()
            if self._stuck:
                raise Stuck("no actor can go on")

    def alone(self, work: Callable[[], T], name: str = "alone") -> T:
        """Run one piece of work with nobody beside it but what is under way."""
        actor = self.spawn(Process(name), work)
        self.run()
        if actor.error is not None:
            raise actor.error
        return actor.result

    def switch(self, pause: float = 0.0) -> None:
        """Let others go. Raises `Crashed` when the process has gone meanwhile."""
        me = self._current
        assert me is not None
        self.now += CALL_SECONDS
        me.wake = self.now + pause
        self.switches += 1
        if pause or self._chance.random() >= self._stickiness:
            self._leave(me)
        if me.process.crashed:
            raise Crashed

    def wait_for(self, ready: Callable[[], bool]) -> None:
        """Let others go until something is true."""
        me = self._current
        assert me is not None
        me.ready = ready
        self._leave(me)
        me.ready = None
        if me.process.crashed:
            raise Crashed

    def _leave(self, me: Actor) -> None:
        chosen = self._choose(me)
        if chosen is not me:
            self._hand_on(chosen)
            me.baton.acquire()

    def _choose(self, me: Actor | None) -> Actor | None:
        """An actor that can go, after as little waiting as it takes; None when there is none for ever."""
        found = [actor for actor in self._actors if actor.can_go(self.now)]
        if not found:
            waking = [actor.wake for actor in self._actors if actor.can_go(float("inf"))]
            if not waking:
                return None
            self.now = max(self.now, min(waking))
            found = [actor for actor in self._actors if actor.can_go(self.now)]
        return found[0] if len(found) == 1 else found[int(self._chance.random() * len(found))]

    def _hand_on(self, actor: Actor | None) -> None:
        self._current = actor
        if actor is None:
            self._stuck = bool(self._actors)
            self._home.release()
        else:
            actor.baton.release()

    def _carry(self, actor: Actor, carrier: _Carrier) -> None:
        """What an actor's thread does."""
        actor.baton.acquire()
        WAITING.set(Waiting(lambda: self.now, self._pause))
        try:
            actor.result = actor.work()
        except BaseException as error:  # noqa: BLE001 - whoever waits for the actor is told
            actor.error = error
        actor.done = True
        self._actors.remove(actor)
        _idle.append(carrier)
        self._hand_on(self._choose(None) if self._actors else None)

    def _pause(self, seconds: float) -> None:
        self.switch(seconds * (0.3 + 0.7 * self._chance.random()))

    @contextmanager
    def pool(self, size: int) -> Iterator[Executor]:
        """Threads of the process that runs, in place of a thread pool."""
        yield _Pool(self, size)  # type: ignore[misc]


class _Pool:
    """As much of an executor as is needed: `map`."""

    def __init__(self, scheduler: Scheduler, size: int) -> None:
        self._scheduler = scheduler
        self._size = size

    def map(self, work: Callable[[Any], T], items: Iterable[Any]) -> list[T]:
        jobs = list(items)
        if len(jobs) == 1:
            return [work(jobs[0])]
        results: list[T] = []
        for start in range(0, len(jobs), self._size):
            results += self._at_once(work, jobs[start : start + self._size])
        return results

    def _at_once(self, work: Callable[[Any], T], jobs: list[Any]) -> list[T]:
        process = self._scheduler.process
        actors = [self._scheduler.spawn(process, lambda job=job: work(job)) for job in jobs]  # type: ignore[misc]
        self._scheduler.wait_for(lambda: all(actor.done for actor in actors))
        for actor in actors:
            if actor.error is not None:
                raise actor.error
        return [actor.result for actor in actors]
