"""A number that goes from one customer to another on a day: the request, and who has what by it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from demo.loading import AssignmentIds
from demo.provider import Assignment, Customer, Provider
from demo.service import Service

_EVE = timedelta(days=1)


def transfer_number(service: Service, provider: Provider, ids: AssignmentIds) -> Provider:
    """Have the service transfer the story's number, and add the ids of what it made to those of the customer who gets it."""
    plan = provider.story.transfer
    made = service.post(f"/dids/{plan.did}/transfer", {"customer_id": plan.customer, "from": plan.day.isoformat()})
    ids[plan.customer] += [one["new"]["assignment_id"] for one in made["items"]]
    return transferred(provider)


def transferred(provider: Provider) -> Provider:
    """The provider once the story's number has gone to its new customer: the last day of the old assignments is the eve, and those
    that go on from them follow on the new customer's own."""
    plan = provider.story.transfer
    moving = [one for customer in provider.customers for one in customer.assignments if _moves(provider, one)]
    customers = []
    for customer in provider.customers:
        kept = [replace(one, end_date=plan.day - _EVE) if _moves(provider, one) else one for one in customer.assignments]
        gained = [_going_on(provider, one) for one in moving] if customer.id == plan.customer else []
        customers.append(replace(customer, assignments=(*kept, *gained)))
    return replace(provider, customers=tuple(customers))


def sides(provider: Provider) -> Iterator[tuple[Customer, int, str]]:
    """Of a provider after the transfer: each assignment of the number with its customer, its place and what happens to it, in words.
    Those that end come first."""
    day = provider.story.transfer.day
    having = [(c, n, one) for c in provider.customers for n, one in enumerate(c.assignments) if _moves(provider, one)]
    for customer, index, one in sorted(having, key=lambda each: each[2].start_date):
        words = f"gets that number on {day}" if one.counted_from else f"a number from {one.start_date}, given away on {day}"
        yield customer, index, words


def _moves(provider: Provider, one: Assignment) -> bool:
    return one.did == provider.story.transfer.did


def _going_on(provider: Provider, one: Assignment) -> Assignment:
    """It starts that day, without setup, and is due when the old one would have been."""
    free = Decimal(0)
    counted_from = one.counted_from or one.start_date
    return replace(one, start_date=provider.story.transfer.day, counted_from=counted_from, setup_cost=free, setup_retail=free)
