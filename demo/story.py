"""The story of three months: a provider's charges from January to March 2031 on an embedded AWS.

`python -m demo` starts the embedded stack, loads the sample provider over HTTP, evaluates day by day with an
outage in between, compares everything posted with an independent count, and ends with a Run Package. It
exits with 0 only if every check held.
"""

import sys
import time
from datetime import timedelta
from decimal import Decimal

from rich.console import Console

from demo.chapters import tell_count, tell_outage, tell_payment
from demo.checks import Checks
from demo.fields import BadProviderError
from demo.loading import AssignmentIds, load_provider
from demo.provider import Provider, load
from demo.run_package import tell_run_package
from demo.service import Service, ServiceError
from demo.show import make_console, money, progress, section, show, table
from demo.teller import Teller
from tools.embedded import EmbeddedStack, EmbeddedStackError, FunctionError

ONE_DAY = timedelta(days=1)
NEXT_STEPS = """\
  make serve                                             the service on 127.0.0.1:8000, until interrupted
  .venv/bin/python -m demo.load "$(cat .local/url)"      this provider, loaded into it, from another shell

  BASE=$(cat .local/url)
  curl -s "$BASE/packages?limit=3"
  curl -s "$BASE/customers/{customer}/assignments"
  curl -s "$BASE/runs" -H 'Content-Type: application/json' \\
       -d '{{"customer": "{customer}", "simulate": "yes", "date": "{day}"}}'

  Change demo/provider.yaml and run make demo again: every figure above follows from it.
  README.md has the first steps, docs/rules.md says what is charged, when, and why."""


def tell_setup(console: Console, service: Service, provider: Provider) -> AssignmentIds:
    """Load the provider and show its size in each currency."""
    section(console, "1. A provider and its customers")
    with progress(console, "Loading packages and customers", len(provider.packages) + len(provider.customers)) as advance:
        ids = load_provider(service, provider, advance)
    numbers = ("Packages", "Customers", "Assignments", "Paid in advance")
    grid = table("Currency", *numbers, right=numbers)
    for currency in dict.fromkeys(package.currency for package in provider.packages):
        customers = [c for c in provider.customers if c.currency == currency]
        packages = sum(package.currency == currency for package in provider.packages)
        prepaid = sum((c.prepaid for c in customers), Decimal(0))
        rented = sum(len(c.assignments) for c in customers)
        grid.add_row(currency, str(packages), str(len(customers)), str(rented), money(currency, prepaid))
    show(console, grid)
    return ids


def tell(teller: Teller) -> None:
    """The story from the first evaluated day to the Run Package."""
    story = teller.provider.story
    section(teller.console, "2. Day by day, until somebody's credit runs out")
    teller.evaluate(story.first_day, story.payment.day)
    tell_payment(teller)
    section(teller.console, "3. Nights without a run")
    teller.evaluate(story.payment.day + 2 * ONE_DAY, story.outage_first_day - ONE_DAY)
    tell_outage(teller)
    teller.evaluate(story.outage_last_day + 2 * ONE_DAY, story.last_day)
    section(teller.console, "4. Nothing lost, nothing charged twice")
    tell_count(teller, story.last_day)
    tell_run_package(teller)


def conclude(console: Console, checks: Checks, provider: Provider, seconds: float) -> int:
    """Say how it ended and what to try next; the exit code."""
    section(console, "What to try next" if not checks.failed else "Failed")
    if checks.failed:
        for failed in checks.failed:
            console.print(f"  [red]does not hold[/red]: {failed.claim} ({len(failed.problems)} problems, see above)")
        return 1
    story = provider.story
    steps = NEXT_STEPS.format(customer=story.report_customer, day=story.report_day)
    console.print(f"\n{steps}\n", markup=False, soft_wrap=True)
    console.print(f"  [green]All {len(checks.done)} checks hold[/green], in {seconds:.0f} seconds.")
    return 0


def main() -> int:
    """Tell the story; 0 when every check held, 1 otherwise."""
    console, started = make_console(), time.monotonic()
    try:
        provider = load()
        checks = Checks()
        console.print("Starting an embedded AWS and deploying the service to it ...")
        with EmbeddedStack() as stack:
            console.print(f"Deployed after {time.monotonic() - started:.0f} seconds: {stack.base_url}")
            service = Service(base_url=stack.base_url, invoke=stack.invoke)
            ids = tell_setup(console, service, provider)
            tell(Teller(console=console, service=service, provider=provider, ids=ids, checks=checks))
            service.close()
    except (BadProviderError, ServiceError, EmbeddedStackError, FunctionError) as error:
        console.print(f"The demo stopped: {error}", style="red", markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted.")
        return 130
    return conclude(console, checks, provider, time.monotonic() - started)


if __name__ == "__main__":
    sys.exit(main())
