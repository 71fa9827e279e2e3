"""What the service is for: a package is charged and its charge reversed, a day is evaluated, and its metric arrives."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from chalicelib.metrics import NAMESPACE
from tools.checks import NotProven
from tools.smoke.world import World, demand, expect

METRIC_SECONDS = 300
"""CloudWatch shows a metric minutes after its log line."""


def charges(world: World, customer: str) -> list[dict[str, Any]]:
    entries = expect(world.api.get(f"/customers/{customer}/ledger", params={"limit": "100"}))["items"]
    return [entry for entry in entries if entry["kind"] == "recurring"]


def story(world: World) -> str:
    """From a package to a reversed charge, over HTTP. What is assigned once today is evaluated is charged for today at once."""
    customer, package = world.customer(debit_limit="100"), world.package(retail="2.50", frequency="daily")
    expect(world.api.post(f"/customers/{customer}/payments", json={"amount": "10"}), 201)
    world.assignment(customer, package, auto_decrement_credit=True)
    before = len(charges(world, customer))
    asked = {"customer": customer, "date": world.today.isoformat(), "if_charged": "charge_again"}
    simulated = expect(world.api.post("/runs", json=asked | {"simulate": True}))
    demand(Decimal(simulated["totals"]["retail"]) == Decimal("2.50"), f"the simulation says {simulated['totals']}")
    demand(len(charges(world, customer)) == before, "a simulation has charged")
    live = asked | {"simulate": False, "run_id": f"{world.prefix}-story"}
    for _ in range(2):
        expect(world.api.post("/runs", json=live))
    demand(len(charges(world, customer)) == before + 1, "a live run that is sent twice did not charge once")
    left = 10 - before * Decimal("2.50")
    demand(world.balance(customer) == left - Decimal("2.50"), f"after the run the balance is {world.balance(customer)}")
    expect(world.api.post(f"/runs/{live['run_id']}/reversal"), 200, 202)
    demand(bool(world.until(lambda: world.balance(customer) == left)), f"after the reversal it is {world.balance(customer)}, not {left}")
    return "package, customer, payment, assignment, simulation, live run (twice, charged once), reversal"


def evaluation(world: World) -> str:
    """Today's evaluation, by the function of the schedule. For other customers it does what the schedule does, or did."""
    customer, package = world.customer(), world.package(retail="1", frequency="daily")
    world.assignment(customer, package)
    was_evaluated = bool(charges(world, customer))
    world.invoke("evaluate_due_charges", {"date": world.today.isoformat()})
    posted = world.until(lambda: charges(world, customer))
    demand(bool(posted), f"{customer} was not charged in {world.asked.patience:.0f} s: see docs/operations.md, runs")
    demand(len(posted) == 1, f"{customer} has {len(posted)} charges for one day")
    told = world.invoke("evaluate_due_charges", {"check": True})
    if was_evaluated:
        raise NotProven(f"today was evaluated before, so {customer} was charged when assigned; days late: {told['days_late']}")
    return f"today is evaluated, by the queue; days late: {told['days_late']}"


def metric(world: World) -> str:
    if world.aws.endpoint:
        raise NotProven("the embedded AWS makes no metrics of log lines")
    posted = world.until(lambda: datapoints(world), seconds=max(world.asked.patience, METRIC_SECONDS))
    if not posted:
        raise NotProven(f"no ChargesPosted in {NAMESPACE} yet: look again in some minutes")
    return f"ChargesPosted is in CloudWatch: {sum(posted):.0f}"


def datapoints(world: World) -> list[float]:
    now = datetime.now(UTC)
    told = world.aws.client("cloudwatch").get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName="ChargesPosted",
        Dimensions=[{"Name": "service", "Value": world.stack}],
        StartTime=now - timedelta(minutes=15),
        EndTime=now,
        Period=60,
        Statistics=["Sum"],
    )
    return [float(point["Sum"]) for point in told["Datapoints"]]
