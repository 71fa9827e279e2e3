"""Loads a provider into the service over HTTP, several requests at a time."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

from demo.provider import Customer, Package, Provider
from demo.service import Service

THREADS = 8
"""More brings nothing: the embedded stack answers about a hundred requests a second on two cores."""

AssignmentIds = dict[str, list[str]]
"""The service's assignment ids of each customer, in the order of the file."""

In = TypeVar("In")
Out = TypeVar("Out")


def load_provider(service: Service, provider: Provider, advance: Callable[[], None]) -> AssignmentIds:
    """Create the packages, then the customers with what they pay in and rent; `advance` is called after each."""
    package_ids = dict(in_parallel(lambda p: _create_package(service, p), provider.packages, advance))
    return dict(in_parallel(lambda c: _create_customer(service, c, package_ids), provider.customers, advance))


def in_parallel(work: Callable[[In], Out], inputs: Iterable[In], advance: Callable[[], None]) -> list[Out]:
    """Do `work` for each input with a few threads; answers in the order of the inputs, raises the first error."""
    one_at_a_time = Lock()

    def done(one: In) -> Out:
        answer = work(one)
        with one_at_a_time:
            advance()
        return answer

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(done, inputs))


def _create_package(service: Service, package: Package) -> tuple[str, str]:
    package_id = service.post("/packages", package.request(), key=package.key)["package_id"]
    for change in package.prices:
        service.put(f"/packages/{package_id}/prices/{change.begins}", change.request())
    return package.key, package_id


def _create_customer(service: Service, customer: Customer, package_ids: dict[str, str]) -> tuple[str, list[str]]:
    """The prepaid amount comes before the assignments: it must be there when the first charge falls due."""
    path = f"/customers/{customer.id}"
    service.put(path, customer.request())
    if customer.prepaid:
        payment = {"amount": str(customer.prepaid), "reference": "Paid in advance"}
        service.post(f"{path}/payments", dict(payment), key=f"{customer.id} prepaid")
    made = []
    for index, assignment in enumerate(customer.assignments):
        body = assignment.request(package_id=package_ids[assignment.package.key])
        made.append(service.post(f"{path}/assignments", body, key=f"{customer.id} {index}")["assignment_id"])
    return customer.id, made
