"""The plans of live Run Packages in `runs`: what was decided for a customer before anything was posted, then what became of it.

A plan is one item, `PLAN#customer`, created once, so that whoever plans first has decided for all. What is too large for
it stands in further parts, `MORE#customer#name#n` (lines) and `WHY#customer#name#n` (reasons), written before it. Their name
follows from their content: what an item names is never overwritten by anything else.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final, Literal

from ..domain.record import Plan, Step
from . import keys
from .codec import Attribute, Codec, always, integer_attribute, plain_attribute
from .db import Action, Db, Item, put, put_new, update
from .errors import ConditionFailed
from .keys import RUNS
from .packing import (
    HELD_BEFORE,
    in_parts,
    pack_charged,
    pack_not_due,
    pack_steps,
    parts_of_values,
    unpack_not_due,
    unpack_steps,
    with_charged,
)

PLANS_PREFIX: Final = "PLAN#"
PackedPart = dict[str, bytes]
"""The attributes that a part of a plan has in whatever item it stands."""

_CODEC = Codec(
    Plan,
    {
        "currency": plain_attribute("currency"),
        "balance": plain_attribute("balance"),
        "generated_at": plain_attribute("generated"),
        "not_due_left_out": integer_attribute("left_out"),
        "held_before": always(Attribute("held_before", HELD_BEFORE.write, HELD_BEFORE.read, HELD_BEFORE.read([0, 0, 0]))),
        "done": plain_attribute("done", False),
        "digest": plain_attribute("digest", None),
    },
    elsewhere=("customer_id", "steps", "not_due"),
)


def save_plan(db: Db, run_id: str, plan: Plan) -> Plan:
    """Keep the plan unless the customer has one in this run already; the plan that stands."""
    try:
        db.write(create_plan(db, run_id, plan))
    except ConditionFailed:
        return find_plan(db, run_id, plan.customer_id) or plan
    return plan


def create_plan(db: Db, run_id: str, plan: Plan) -> Action:
    """Write the plan, unless the customer has one in this run already. Its further parts are written at once: nothing leads to them yet."""
    steps, reasons = _parts_of_steps(plan.steps), [{"steps": part} for part in in_parts(plan.not_due, pack_not_due)]
    head: Item = keys.run_part_key(run_id, PLANS_PREFIX + plan.customer_id) | _CODEC.item(plan) | steps[0] | {
        "attempt": _save_more(db, run_id, "MORE", plan.customer_id, steps), "chunks": len(steps), "not_due": reasons[0]["steps"],
        "reasons": _save_more(db, run_id, "WHY", plan.customer_id, reasons), "reason_parts": len(reasons),
    }  # fmt: skip
    return put_new(RUNS, head)


def _parts_of_steps(steps: Sequence[Step]) -> list[PackedPart]:
    """What items hold of the lines: each part, and beside it what stood for those that were charged already, if any was."""
    parts = ((part.packed, pack_charged(part.values)) for part in parts_of_values(steps, pack_steps))
    return [{"steps": packed, **({"charged": charged} if charged else {})} for packed, charged in parts]


def find_plan(db: Db, run_id: str, customer_id: str) -> Plan | None:
    """The customer's plan in this run."""
    item = db.get(RUNS, keys.run_part_key(run_id, PLANS_PREFIX + customer_id))
    return plan_from_item(db, item) if item else None


def finish_plan(db: Db, run_id: str, plan: Plan) -> None:
    """Keep the statuses of a plan that was carried out."""
    steps = _parts_of_steps(plan.steps)
    name = _save_more(db, run_id, "MORE", plan.customer_id, steps)
    change = ", ".join(("SET #attempt = :attempt, #chunks = :chunks, #done = :done", *(f"#{one} = :{one}" for one in steps[0])))
    values = {"attempt": name, "chunks": len(steps), "done": True, **steps[0]}
    key = keys.run_part_key(run_id, PLANS_PREFIX + plan.customer_id)
    db.write(update(RUNS, key, change, condition="attribute_exists(#pk)", values=values))


def plans_after(db: Db, run_id: str, customer_id: str = "") -> Iterator[Plan]:
    """The run's plans in the order of customer ids, those after this customer only."""
    condition = "#pk = :pk AND #sk BETWEEN :since AND :until"
    since = f"{PLANS_PREFIX}{customer_id} " if customer_id else PLANS_PREFIX  # a space sorts before all that ids consist of
    values = {"pk": keys.run_key(run_id)["pk"], "since": since, "until": f"{PLANS_PREFIX}~"}
    for item in db.query_all(RUNS, condition, values):
        yield plan_from_item(db, item)


def is_done(item: Item) -> bool:
    """Whether the plan that an item holds was carried out."""
    return "done" in item


def steps_of_part(db: Db, item: Item, number: int) -> list[Step] | None:
    """The lines in a part of a plan's item, from 0; None behind the last."""
    if number >= int(item["chunks"]):
        return None
    if number == 0:
        return _steps_of(item)
    found = db.get(RUNS, _more_key(item, "MORE", item["attempt"], number))
    return _steps_of(found) if found else None


def _steps_of(part: Item) -> list[Step]:
    return with_charged(unpack_steps(part["steps"]), part.get("charged"))


def plan_from_item(db: Db, item: Item) -> Plan:
    """The plan that an item of `runs` holds, with the parts that stand in other items."""
    steps = [step for part in (item, *_more_parts(db, item, "MORE", "attempt", "chunks")) for step in _steps_of(part)]
    reasons = [item["not_due"], *(part["steps"] for part in _more_parts(db, item, "WHY", "reasons", "reason_parts"))]
    not_due = [one for packed in reasons for one in unpack_not_due(packed)]
    return _CODEC.entity(item, customer_id=_customer_id(item), steps=tuple(steps), not_due=tuple(not_due))


PartKind = Literal["MORE", "WHY"]


def _more_parts(db: Db, item: Item, kind: PartKind, name: str, count: str) -> list[Item]:
    """The parts of a plan behind the first, which stands in the plan's own item."""
    wanted = [_more_key(item, kind, item[name], number) for number in range(1, int(item.get(count, 1)))]
    found = db.get_many(RUNS, wanted) if wanted else {}
    return [found[key["pk"], key["sk"]] for key in wanted]


def _save_more(db: Db, run_id: str, kind: PartKind, customer_id: str, parts: Sequence[PackedPart]) -> str:
    """Keep all parts but the first; their name."""
    name = hashlib.sha256(b"".join(content for part in parts[1:] for content in part.values())).hexdigest()[:26]
    for number, part in enumerate(parts[1:], 1):
        db.write(put(RUNS, keys.run_part_key(run_id, f"{kind}#{customer_id}#{name}#{number:06}") | part))
    return name


def _more_key(item: Item, kind: PartKind, name: str, number: int) -> keys.Key:
    return {"pk": item["pk"], "sk": f"{kind}#{_customer_id(item)}#{name}#{number:06}"}


def _customer_id(item: Item) -> str:
    return str(item["sk"]).removeprefix(PLANS_PREFIX)
