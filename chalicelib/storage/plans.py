"""The plans of live Run Packages in `runs`: what was decided for a customer before anything was posted, then what became of it.

A plan is one item, `PLAN#customer`, created once, so that whoever plans first has decided for all. What is too large for
it stands in further parts, `MORE#customer#name#n` (lines) and `WHY#customer#name#n` (reasons), written before it. Their name
follows from their content: what an item names is never overwritten by anything else.
"""

import hashlib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final, Literal

from ..domain.record import Plan, Step
from ..domain.run import HeldBefore
from . import keys
from .db import Db, Item, create, put, update
from .errors import ConditionFailed
from .keys import RUNS
from .packing import in_parts, pack_not_due, pack_steps, unpack_not_due, unpack_steps

PREFIX: Final = "PLAN#"


def save(db: Db, run_id: str, plan: Plan) -> Plan:
    """Keep the plan unless the customer has one in this run already; the plan that stands."""
    steps, reasons = in_parts(plan.steps, pack_steps), in_parts(plan.not_due, pack_not_due)
    head: Item = keys.run_part(run_id, PREFIX + plan.customer_id) | {
        "steps": steps[0], "attempt": _save_more(db, run_id, "MORE", plan.customer_id, steps), "chunks": len(steps),
        "currency": plan.currency, "balance": plan.balance, "generated": plan.generated_at, "not_due": reasons[0],
        "reasons": _save_more(db, run_id, "WHY", plan.customer_id, reasons), "reason_parts": len(reasons),
        "left_out": plan.not_due_left_out, "held_before": list(plan.held_before),
    }  # fmt: skip
    try:
        db.write(create(RUNS, head))
    except ConditionFailed:
        return find(db, run_id, plan.customer_id) or plan
    return plan


def find(db: Db, run_id: str, customer_id: str) -> Plan | None:
    """The customer's plan in this run."""
    item = db.get(RUNS, keys.run_part(run_id, PREFIX + customer_id))
    return _plan(db, item) if item else None


def finish(db: Db, run_id: str, plan: Plan) -> None:
    """Keep the statuses of a plan that was carried out."""
    steps = in_parts(plan.steps, pack_steps)
    name = _save_more(db, run_id, "MORE", plan.customer_id, steps)
    change = "SET #steps = :steps, #attempt = :name, #chunks = :chunks, #done = :yes"
    values = {"steps": steps[0], "name": name, "chunks": len(steps), "yes": True}
    key = keys.run_part(run_id, PREFIX + plan.customer_id)
    db.write(update(RUNS, key, change, condition="attribute_exists(#pk)", values=values))


def after(db: Db, run_id: str, customer_id: str = "") -> Iterator[Plan]:
    """The run's plans in the order of customer ids, those after this customer only."""
    condition = "#pk = :pk AND #sk BETWEEN :since AND :until"
    since = f"{PREFIX}{customer_id} " if customer_id else PREFIX  # a space sorts before all that ids consist of
    values = {"pk": keys.run(run_id)["pk"], "since": since, "until": f"{PREFIX}~"}
    for item in db.query_all(RUNS, condition, values):
        yield _plan(db, item)


def is_done(item: Item) -> bool:
    """Whether the plan that an item holds was carried out."""
    return "done" in item


def steps_of_part(db: Db, item: Item, number: int) -> list[Step] | None:
    """The lines in a part of a plan's item, from 0; None behind the last."""
    if number >= int(item["chunks"]):
        return None
    if number == 0:
        return unpack_steps(item["steps"])
    found = db.get(RUNS, _more_key(item, "MORE", item["attempt"], number))
    return unpack_steps(found["steps"]) if found else None


def _plan(db: Db, item: Item) -> Plan:
    steps = [step for part in _parts(db, item, "MORE", "steps", "attempt", "chunks") for step in unpack_steps(part)]
    not_due = [one for part in _parts(db, item, "WHY", "not_due", "reasons", "reason_parts") for one in unpack_not_due(part)]
    return Plan(
        _customer(item), item["currency"], item["balance"], item["generated"], tuple(steps), tuple(not_due), int(item["left_out"]),
        is_done(item), _held_before(*item.get("held_before", ())),
    )  # fmt: skip


def _held_before(charges: Decimal | int = 0, *amounts: Decimal) -> HeldBefore:
    """Plans of before it was told have none."""
    return HeldBefore(int(charges), *amounts)


Kind = Literal["MORE", "WHY"]


def _parts(db: Db, item: Item, kind: Kind, first: str, name: str, count: str) -> list[bytes]:
    """All parts, the first of which stands in the plan's own item."""
    wanted = [_more_key(item, kind, item[name], number) for number in range(1, int(item.get(count, 1)))]
    found = db.get_many(RUNS, wanted) if wanted else {}
    return [item[first], *(found[key["pk"], key["sk"]]["steps"] for key in wanted)]


def _save_more(db: Db, run_id: str, kind: Kind, customer_id: str, parts: Sequence[bytes]) -> str:
    """Keep all parts but the first; their name."""
    name = hashlib.sha256(b"".join(parts[1:])).hexdigest()[:26]
    for number, part in enumerate(parts[1:], 1):
        db.write(put(RUNS, keys.run_part(run_id, f"{kind}#{customer_id}#{name}#{number:06}") | {"steps": part}))
    return name


def _more_key(item: Item, kind: Kind, name: str, number: int) -> keys.Key:
    return {"pk": item["pk"], "sk": f"{kind}#{_customer(item)}#{name}#{number:06}"}


def _customer(item: Item) -> str:
    return str(item["sk"]).removeprefix(PREFIX)
