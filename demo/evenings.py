"""What a provider's people do in the evenings before today: the story's own events, then corrections and plans of the last weeks."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from dateutil.relativedelta import relativedelta

from demo.loading import AssignmentIds
from demo.provider import Provider
from demo.service import Service
from demo.transfer import transfer_number

LINES_MAX: Final = 60
LARGE_CUSTOMER: Final = "old-mill-hotels"
ROOMS: Final = 70
FIRST_ROOM: Final = 441172960000
"""A customer with a number for each room: more lines on the first day than `LINES_MAX`, so the daily run parks it."""


NEARLY_USED: Final = Decimal(-20)
"""A balance that leaves the customer of the story's payment one day's charges."""


CREDITED: Final = Decimal("10.00")


class Evenings:
    """Who does what when. Days that lie ahead do not come."""

    def __init__(self, service: Service, provider: Provider, ids: AssignmentIds, today: date) -> None:
        self._service, self._provider, self._ids, self._today = service, provider, ids, today
        self._next_month = (today + relativedelta(months=1)).replace(day=1)
        story = provider.story
        self._days: Mapping[date, Callable[[], None]] = {
            story.payment.day: self._pay,
            story.calls.last_day + timedelta(days=1): self._transfer_number,
            self._before(9): self._correct,
            self._before(6): self._visit,
            self._before(5): self._return_payment,
            self._before(4): self._announce_prices,
            self._before(3): self._plan_ends,
            self._before(1): self._import_rooms,
        }

    def act(self, day: date) -> None:
        """Do what was done that evening."""
        if day in self._days:
            self._days[day]()

    def _before(self, number: int) -> date:
        return self._today - timedelta(days=number)

    def _assignment(self, customer: str, package: str) -> str:
        """The path of a customer's first assignment of a package."""
        given = self._provider.customer(customer).assignments
        index = next(n for n, one in enumerate(given) if one.package.key == package)
        return f"/customers/{customer}/assignments/{self._ids[customer][index]}"

    def _package(self, key: str) -> str:
        """The path of a package."""
        sold = next(one for one in self._provider.packages if one.key == key)
        found = self._service.items("/packages", search=sold.name, currency=sold.currency)
        return "/packages/" + next(str(one["package_id"]) for one in found if one["name"] == sold.name)

    def _pay(self) -> None:
        payment = self._provider.story.payment
        paid = {"amount": str(payment.amount), "reference": payment.reference}
        self._service.post(f"/customers/{payment.customer}/payments", dict(paid))

    def _transfer_number(self) -> None:
        self._provider = transfer_number(self._service, self._provider, self._ids)

    def _correct(self) -> None:
        """A part of a charge is given back, and a balance put right."""
        ledger = self._service.items("/customers/alder-creek-veterinary/ledger")
        charge = next(one for one in reversed(ledger) if one["kind"] == "recurring" and Decimal(one["retail"]) > CREDITED)
        self._service.post(
            f"/customers/alder-creek-veterinary/ledger/{charge['entry_id']}/credit",
            {"retail": str(CREDITED), "cost": "0", "reason": "No service on two days; ticket 4711"},
        )
        self._service.post("/customers/keystone-plumbing-supply/adjustments", {"amount": "5.00", "reason": "Goodwill for a late port"})

    def _visit(self) -> None:
        """Work that was done once, and a pause of what is not used for a while."""
        self._service.post(
            "/customers/brackley-surveyors/charges", {"description": "Engineer on site, two hours", "retail": "90.00", "cost": "55.00"}
        )
        paused = self._assignment("alder-creek-veterinary", "did-ca")
        begins, until = self._today + timedelta(days=2), self._today + timedelta(days=33)
        self._service.put(f"{paused}/terms/{begins}", {"paused": True, "until": until.isoformat()})

    def _return_payment(self) -> None:
        """A bank takes money back, so that from the day after next on charges don't fit any more and are held."""
        customer = f"/customers/{self._provider.story.payment.customer}"
        left = Decimal(self._service.get(customer)["balance"])
        self._service.post(f"{customer}/adjustments", {"amount": str(NEARLY_USED - left), "reason": "Direct debit returned by the bank"})

    def _announce_prices(self) -> None:
        """A rise from the first of next month, and a discount for somebody who would leave otherwise."""
        self._service.put(f"{self._package('hosted-10-gbp')}/prices/{self._next_month}", {"retail": "76.00"})
        self._service.put(f"{self._assignment('larkhill-care-homes', 'hosted-10-gbp')}/terms/{self._next_month}", {"discount": "10"})

    def _plan_ends(self) -> None:
        for number, (customer, package) in enumerate((("deccan-motors", "did-in"), ("calder-valley-taxis", "did-gb"))):
            last = self._today + timedelta(days=9 + 12 * number)
            self._service.patch(self._assignment(customer, package), {"end_date": last.isoformat()})

    def _import_rooms(self) -> None:
        customer = {"name": "Old Mill Hotels", "currency": "GBP"}
        self._service.put(f"/customers/{LARGE_CUSTOMER}", dict(customer))
        package_id = self._package("did-gb").rpartition("/")[2]
        for room in range(ROOMS):
            number = {"package_id": package_id, "did": str(FIRST_ROOM + room), "start_date": self._today.isoformat()}
            self._service.post(f"/customers/{LARGE_CUSTOMER}/assignments", dict(number))
