"""A customer who is to be planned again from an earlier day stays so when parked for what a later piece of a sweep sees."""

from datetime import timedelta

from chalicelib.domain.assignment import Assignment
from chalicelib.storage import accounts, assignments, keys
from chalicelib.usecases import customers, daily_run
from chalicelib.usecases.piece import Piece

from .world import TODAY, World


def test_parking_keeps_an_earlier_mark() -> None:
    """rules 5: parked: nothing posted, nothing lost."""
    world = World(max_lines=1)
    package = world.package(assigned=3, frequency="daily")
    world.customer("ann", package, 1, debits=True)
    world.evaluate(TODAY)
    owing, parking, unparked = (TODAY + timedelta(days=n) for n in (1, 2, 3))
    world.db.write(accounts.set_back("ann", owing))
    for name in ("newer-1", "newer-2"):
        world.db.write(assignments.creation(Assignment("ann", name, package.package_id, parking, evaluate_from=parking)))

    daily_run.start(world.services, world.act(parking), parking, allow_future=True)
    message = world.queued.pop()
    fields = {name: value for name, value in message.items() if name != "kind"}
    piece = Piece(**fields | {"date": parking, "cursor": keys.assignment("ann", "ann-000000")})
    daily_run.work(world.services, world.act(parking), piece, lambda: 100.0)
    ann = accounts.find(world.db, "ann")
    assert ann is not None
    assert (ann.parked, ann.evaluate_from) == (True, owing)

    customers.unpark(world.db, world.act(unparked), "ann")
    world.evaluate(unparked)
    assert world.charged() == 4 + 2 + 2
