"""What the tests of usage share over the deployed API: calls to send, bundles and commitments to have, and ways to look."""

from typing import Any

import httpx

from tests.api.support import Json, a_package, an_assignment, day, ok

YEAR = "2090"
"""Everything here lies in a future that no other test's evaluation reaches, unless it has to be today."""


def on(month_day: str) -> str:
    """A date of that year: `on("02-01")`."""
    return f"{YEAR}-{month_day}"


def call(name: str, seconds: int = 60, charge: Any = "1.00", *, date: str | None = None, at: str = "12:00:00Z", **fields: Any) -> Json:
    """A call as a switch tells it; today, to a number that most bundles serve."""
    told = {"call_id": name, "started_at": f"{date or day()}T{at}", "destination": "441234567", "seconds": seconds, "charge": charge}
    return told | fields


def sending(api: httpx.Client, customer: str, *calls: Json) -> httpx.Response:
    """The answer to a batch."""
    return api.post(f"/customers/{customer}/usage", json={"calls": list(calls)})


def record(api: httpx.Client, customer: str, *calls: Json) -> list[Json]:
    """What the service says of each call of a batch."""
    answers: list[Json] = ok(sending(api, customer, *calls))["calls"]
    assert [one["call_id"] for one in answers] == [one["call_id"] for one in calls]
    return answers


def told(answer: Json) -> str:
    """`free billable charge`."""
    return f"{answer['free_seconds']} {answer['billable_seconds']} {answer['charge']}"


def a_bundle(api: httpx.Client, customer: str, minutes: int = 10, *, sold: Json | None = None, **fields: Any) -> Json:
    """Free minutes of a customer, once and for every number unless told otherwise; `sold` are the package's fields."""
    package = a_package(api, **{"name": "Bundle", "type": "free_minutes"} | (sold or {}))
    return an_assignment(api, customer, package, free_minutes=minutes, **fields)


def a_commitment(api: httpx.Client, customer: str, retail: str = "50", *, sold: Json | None = None, **fields: Any) -> Json:
    """A minimum spend a calendar month, from the first of January."""
    terms = {"name": "Commitment", "frequency": "monthly", "frequency_match": [1], "minimum_spend": True, "retail": retail}
    return an_assignment(api, customer, a_package(api, **terms | (sold or {})), **{"start_date": on("01-01")} | fields)


def spend(api: httpx.Client, customer: str, **query: str) -> dict[str, str]:
    """Spend by day."""
    page = ok(api.get(f"/customers/{customer}/usage", params=query))
    assert page["next_cursor"] is None
    return {one["date"]: one["spend"] for one in page["items"]}


def buckets(api: httpx.Client, customer: str, date: str | None = None) -> list[Json]:
    """The customer's buckets on a date."""
    found = ok(api.get(f"/customers/{customer}/minutes", params={"date": date} if date else {}))
    assert (found["customer_id"], found["date"]) == (customer, date or day())
    items: list[Json] = found["items"]
    assert all(one["remaining"] == max(0, one["total"] - one["used"]) for one in items)
    return items
