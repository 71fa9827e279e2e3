"""The chapters about Run Package: a simulation, the live run that does just that, and the night after."""

from datetime import timedelta
from typing import Any

from demo.chapters import tell_count
from demo.provider import Assignment, Customer
from demo.show import section, show_reasons, show_report
from demo.teller import Teller

ONE_DAY = timedelta(days=1)


def tell_run_package(teller: Teller) -> None:
    """A simulation, the live run that does just that, the same run again, and the night after."""
    story = teller.provider.story
    customer, day = teller.provider.customer(story.report_customer), story.report_day
    request: dict[str, object] = {"customer": customer.id, "date": day.isoformat()}
    section(teller.console, f"7. Run Package, simulated: {customer.name}, {day:%A} {day}")
    labels = _labels(customer, teller.ids[customer.id])
    teller.say("What a live run of this date would charge, computed by the same code:")
    before = _state(teller, customer)
    simulated = teller.service.post("/runs", request | {"simulate": "yes"})
    show_report(teller.console, simulated, customer.currency, labels)
    show_reasons(teller.console, simulated, labels)
    changed = [name for name, found in _state(teller, customer).items() if found != before[name]]
    teller.check("the simulation has changed nothing", [f"{name} has changed" for name in changed])

    section(teller.console, f"8. Run Package, live: {customer.name}, {day:%A} {day}")
    teller.say("The same request, not simulated:")
    live_request = request | {"simulate": "no", "run_id": f"demo-{day}"}
    live = teller.service.post("/runs", live_request)
    show_report(teller.console, live, customer.currency, labels)
    teller.check("the live run charges what the simulation said", _differences(simulated, live))
    again = teller.service.post("/runs", live_request)
    teller.check("the same run_id again answers the same and charges nothing", [] if again == live else [f"{again}"])
    teller.evaluate(story.last_day + ONE_DAY, day)
    teller.say(f"It leaves alone what is charged already. All customers' charges of {day}:")
    tell_count(teller, day, shown_from=day)


def _state(teller: Teller, customer: Customer) -> dict[str, Any]:
    """What a simulation must leave as it is."""
    path = f"/customers/{customer.id}"
    lists = {"the ledger": f"{path}/ledger", "the assignments": f"{path}/assignments", "the list of runs": "/runs"}
    return {"the account": teller.service.get(path)} | {name: teller.service.items(at) for name, at in lists.items()}


def _differences(simulated: Any, live: Any) -> list[str]:
    """What a live run did otherwise than simulated; only the status of its lines may differ."""
    problems = [
        f"{f}: {simulated[f]} became {live[f]}" for f in ("totals", "balance_before", "balance_after", "not_due") if simulated[f] != live[f]
    ]
    told, done = ([{**line, "status": ""} for line in report["lines"]] for report in (simulated, live))
    problems += [] if told == done else [f"lines {told} became {done}"]
    return problems + [f"{line['package_name']} is {line['status']}" for line in live["lines"] if line["status"] != "posted"]


def _labels(customer: Customer, ids: list[str]) -> dict[str, str]:
    """What a reader calls each assignment: its package, and its number where it has one."""
    return {key: _label(assignment) for key, assignment in zip(ids, customer.assignments, strict=True)}


def _label(assignment: Assignment) -> str:
    return assignment.package.name + (f" +{assignment.did}" if assignment.did else "")
