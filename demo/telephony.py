"""The chapter about calls: free minutes that run out in the middle of one, and what is missing to a minimum spend."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from demo.calls import Call
from demo.checks import posted_charges
from demo.independent import days
from demo.independent_calls import CallCount, Counted
from demo.provider import Customer
from demo.show import Column, figure, money, numbered, show
from demo.switch import Line
from demo.teller import Teller

ONE_DAY = timedelta(days=1)


def tell_calls(teller: Teller) -> None:
    """The calls as they came, the bundles they drew from, and the minimums they count towards."""
    lines = list(teller.switch.lines.values())
    for line in lines:
        teller.calls(line.customer)
    _tell_traffic(teller, lines)
    check_answers(teller, lines)
    check_days(teller, lines)
    _tell_run_out(teller, lines)
    _tell_minutes(teller, lines)
    _tell_minimums(teller, lines)


def _tell_traffic(teller: Teller, lines: list[Line]) -> None:
    plan, batches = teller.switch.plan, [batch for line in lines for batch in line.sent]
    counts, customers = [teller.calls(line.customer).counted for line in lines], [line.customer for line in lines]
    by_queue = teller.provider.customer(plan.queue_customer).name
    calls, again = sum(len(batch.calls) for batch in batches), sum(line.repeated for line in lines)
    teller.say(f"From {plan.first_day} to {plan.last_day} {len(lines)} customers have made {calls:,} calls. Their switch has told them in")
    teller.say(f"{len(batches)} batches, each before the next day's run; {again} were sent again later, as after a lost answer,")
    teller.say(f"and that of {by_queue} of {plan.queue_day} came by queue, twice.")
    show(
        teller.console,
        Column("Customer", [customer.name for customer in customers]),
        Column("Calls", [f"{len(count):,}" for count in counts], "number"),
        Column("Minutes", [f"{sum(one.call.seconds for one in count) // 60:,}" for count in counts], "number"),
        Column("Free", [f"{sum(one.free_seconds for one in count) // 60:,}" for count in counts], "number"),
        Column("At full price", _sums(customers, [[one.call.charge for one in count] for count in counts]), "amount"),
        Column("After free minutes", _sums(customers, [[one.charge for one in count] for count in counts]), "amount"),
    )


def _sums(customers: list[Customer], amounts: list[list[Decimal]]) -> list[str]:
    return [money(customer.currency, sum(some, Decimal(0))) for customer, some in zip(customers, amounts, strict=True)]


def check_answers(teller: Teller, lines: list[Line]) -> None:
    """Every answer of the service against the independent count, and against the answer to the same batch later."""
    problems = []
    for line in lines:
        count = teller.calls(line.customer)
        for (call, answer), counted in zip(line.answered(), count.counted, strict=True):
            if answer != (wanted := _answer(counted, count)):
                problems.append(f"{line.customer.id}, {call.call_id}: {answer}, counted apart: {wanted}")
    teller.check("every call is free as far, and costs as much, as counted apart in the order of arrival", problems)
    changed = [problem for line in lines for problem in line.problems]
    teller.check("a batch sent again is answered as the first time and changes nothing", changed)


def _answer(counted: Counted, count: CallCount) -> dict[str, Any]:
    """What the service must answer, but for digits: amounts are compared as text of the same form."""
    return {
        "call_id": counted.call.call_id,
        "free_seconds": counted.free_seconds,
        "billable_seconds": counted.call.seconds - counted.free_seconds,
        "charge": figure(counted.charge).replace(",", ""),
        "drawn": [{"assignment_id": count.ids[index], "seconds": seconds} for (index, _), seconds in counted.drawn],
    }


def check_days(teller: Teller, lines: list[Line]) -> None:
    """The service's totals of every day against the independent count."""
    problems = []
    for line in lines:
        count = teller.calls(line.customer)
        for did in (None, *dict.fromkeys(one.call.did for one in count.counted if one.call.did)):
            query = {"did": did} if did else {}
            items = teller.service.items(f"/customers/{line.customer.id}/usage", **query)
            found = {(item["date"], Decimal(item["spend"]), item["seconds"], item["free_seconds"], item["calls"]) for item in items}
            wanted = set(_day_sums(teller, count, did))
            problems += [f"{line.customer.id}, DID {did}: {told} instead" for told in sorted(found ^ wanted)]
    teller.check("so are spend, seconds and calls of every day, of each customer and of each number", problems)


def _day_sums(teller: Teller, count: CallCount, did: str | None) -> Iterator[tuple[str, Decimal, int, int, int]]:
    for day in days(teller.switch.plan.first_day, teller.switch.plan.last_day):
        calls = count.of_day(day, did)
        if calls:
            seconds, free = sum(one.call.seconds for one in calls), sum(one.free_seconds for one in calls)
            yield day.isoformat(), count.spend(did, day, day + ONE_DAY), seconds, free, len(calls)


def _tell_run_out(teller: Teller, lines: list[Line]) -> None:
    """The first call that its bundle does not cover to the end, and the first that goes on in another bundle."""
    told = [(line, call, answer) for line in lines for call, answer in line.answered()]
    partly = next((one for one in told if one[2]["free_seconds"] and one[2]["billable_seconds"]), None)
    further = next((one for one in told if len(one[2]["drawn"]) > 1), None)
    if partly:
        teller.console.print()
        teller.say("A bundle that runs out in the middle of a call:")
        _show_call(teller, *partly)
    if further:
        teller.say("A bundle that runs out while another still has minutes:")
        _show_call(teller, *further)


def _show_call(teller: Teller, line: Line, call: Call, answer: Any) -> None:
    customer, ids = line.customer, teller.ids[line.customer.id]
    price = money(customer.currency, call.destination.price(customer.currency))
    names = [customer.assignments[ids.index(draw["assignment_id"])].package.name for draw in answer["drawn"]]
    teller.say(f"{customer.name} calls +{call.number} ({call.destination.name}), {call.started_at:%Y-%m-%d %H:%M:%S},")
    teller.say(f"for {call.seconds} seconds at {price} a minute.")
    charges = ["0" for _ in names] + [answer["charge"], str(call.charge)]
    show(
        teller.console,
        Column("Part of the call", [*(f'free, from "{name}"' for name in names), "billable", "at full price"]),
        Column("Seconds", [str(s) for s in (*(d["seconds"] for d in answer["drawn"]), answer["billable_seconds"], call.seconds)], "number"),
        Column("Charge", [money(customer.currency, charge) for charge in charges], "amount"),
    )


def _tell_minutes(teller: Teller, lines: list[Line]) -> None:
    """Every bundle in the month of calls, asked for on its first day and on the last day with calls."""
    rows, problems = [], list[str]()
    for line in lines:
        count = teller.calls(line.customer)
        asked = sorted({begins for _, begins in count.used} | {teller.switch.plan.last_day})
        told = [teller.service.get(f"/customers/{line.customer.id}/minutes", date=day.isoformat())["items"] for day in asked]
        found = {(item["assignment_id"], item["began_on"]): item for items in told for item in items}
        rows += [(line.customer.name, item) for item in found.values()]
        used = {key: item["used"] for key, item in found.items() if item["used"]}
        wanted = {(count.ids[index], begins.isoformat()): seconds for (index, begins), seconds in count.used.items()}
        problems += [] if used == wanted else [f"{line.customer.id}: {used} seconds, counted apart {wanted}"]
        problems += [f"{line.customer.id}: {item}" for item in found.values() if item["used"] + item["remaining"] != item["total"]]
    teller.say("What is used of the bundles, a refill being a new one:")
    show(
        teller.console,
        Column("Customer", [name for name, _ in rows]),
        Column("Bundle", [item["package_name"] for _, item in rows]),
        Column("Numbers", [item["destination"] or "all" for _, item in rows]),
        Column("From", [item["began_on"] for _, item in rows]),
        Column("Refill", [item["refills_on"] or "never" for _, item in rows]),
        Column("Used", [_clock(item["used"]) for _, item in rows], "number"),
        Column("Of", [_clock(item["total"]) for _, item in rows], "number"),
    )
    teller.check("used minutes are as counted apart, never more than were given", problems)


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"


def _tell_minimums(teller: Teller, lines: list[Line]) -> None:
    """The minimum-spend charges of the periods with calls, why each is what it is, and the independent count of them."""
    first, last = teller.switch.plan.first_day + ONE_DAY, teller.switch.plan.last_day + ONE_DAY
    ledgers = teller.ledgers(**{"from": first.isoformat(), "to": last.isoformat()})
    rows, problems = [], []
    for line in lines:
        posted = [entry for entry in posted_charges(ledgers[line.customer.id]) if entry["kind"] == "minimum_spend"]
        rows += [(line.customer, entry) for entry in posted]
        charges = [charge for charge in teller.expected(line.customer, first, last) if charge.kind == "minimum_spend"]
        ids = teller.ids[line.customer.id]
        wanted = {(ids[c.index], str(c.since), str(c.day), c.spent, c.cost, c.retail) for c in charges}
        found = {_minimum(entry) for entry in posted}
        problems += [f"{line.customer.id}: {told} instead" for told in sorted(found ^ wanted)]
    rows.sort(key=lambda row: (row[1]["date"], row[0].name))
    teller.console.print()
    teller.say("Customers who promised to spend a minimum pay what is missing to it when its period has ended:")
    _show_minimums(teller, rows)
    teller.check("each is the minimum less what an independent count finds spent in its period", problems)


def _minimum(entry: Any) -> tuple[str, str, str, Decimal, Decimal, Decimal]:
    spend, cost, retail = (Decimal(entry[name]) for name in ("spend", "cost", "retail"))
    return str(entry["assignment_id"]), str(entry["period"]["from"]), str(entry["period"]["to"]), spend, cost, retail


def _show_minimums(teller: Teller, rows: list[tuple[Customer, Any]]) -> None:
    show(
        teller.console,
        Column("#", [str(number) for number in range(1, len(rows) + 1)], "number"),
        Column("Due date", [entry["date"] for _, entry in rows]),
        Column("Customer, or its number", [customer.name + (f" +{entry['did']}" if entry["did"] else "") for customer, entry in rows]),
        Column("Spent", [money(customer.currency, entry["spend"]) for customer, entry in rows], "amount"),
        Column("To pay", [money(customer.currency, entry["retail"]) for customer, entry in rows], "amount"),
        Column("Cost", [money(customer.currency, entry["cost"]) for customer, entry in rows], "amount"),
    )
    numbered(teller.console, [entry["explanation"] for _, entry in rows])
    teller.console.print()
    for customer, entry in rows:
        if not Decimal(entry["retail"]):
            teller.say(f"{customer.name} has reached its minimum: no retail, only the provider's cost is noted.")
