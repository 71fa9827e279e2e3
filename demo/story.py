"""The story of three months: a provider's charges from January to March 2031 on an embedded AWS.

`python -m demo` starts the embedded stack, loads the sample provider over HTTP, evaluates day by day with an
outage in between, compares everything posted with an independent count, shows a Run Package, and ends with a
forecast, an audit and a rise that is only tried. It exits with 0 only if every check held.
"""

import sys
import time
from datetime import timedelta
from decimal import Decimal

from rich.console import Console

from demo.agreements import tell_agreements
from demo.chapters import tell_count, tell_outage, tell_payment
from demo.checks import Checks
from demo.fields import BadProviderError
from demo.foresight import tell_foresight
from demo.loading import AssignmentIds, load_provider
from demo.provider import Provider, load
from demo.run_package import tell_run_package
from demo.service import Enqueue, Service, ServiceError
from demo.show import Column, figure, make_console, progress, section, show
from demo.switch import Switch
from demo.telephony import tell_calls
from demo.teller import Teller
from demo.transfer import transfer_number
from tools.bundle import PackagingError
from tools.embedded import EmbeddedStack, EmbeddedStackError, FunctionError
from tools.template import SettingsError

ONE_DAY = timedelta(days=1)
SETTINGS = {"AUTH_MODE": "none", "ALLOW_FUTURE": "true", "MAX_LINES_PER_CUSTOMER": "20000", "OVERVIEW": "false"}
"""What the story needs, whatever the caller's environment says; its ninety days need no overview each."""
NEXT_STEPS = """\
  make serve                                          offers the service on 127.0.0.1:8000
  .venv/bin/python -m demo.load "$(cat .local/url)"   loads this provider into it, in another shell

  BASE=$(cat .local/url)
  curl -s "$BASE/packages?limit=3" | python3 -m json.tool
  curl -s "$BASE/customers/{customer}/assignments" | python3 -m json.tool
  curl -s "$BASE/runs" -H 'Content-Type: application/json' \\
    -d '{{"customer": "{customer}", "simulate": "yes", "date": "{day}"}}' |
    python3 -m json.tool
  curl -s "$BASE/customers/{caller}/usage" -H 'Content-Type: application/json' \\
    -d '{{"calls": [{{"call_id": "my-first", "started_at": "{call_day}T10:00:00Z",
          "destination": "441632960000", "seconds": 90, "charge": "0.0338"}}]}}' |
    python3 -m json.tool

  Change demo/provider.yaml and run make demo again: every figure above follows from it.
  README.md has the first steps, docs/rules.md says what is charged, when, and why."""


def tell_setup(console: Console, service: Service, provider: Provider) -> AssignmentIds:
    """Load the provider and show its size in each currency."""
    section(console, "1. A provider and its customers")
    with progress(console, "Loading packages and customers", len(provider.packages) + len(provider.customers)) as advance:
        ids = load_provider(service, provider, advance)
    _show_size(console, provider)
    console.print("  Who rents what, from when and at which price, and who calls where, stands in demo/provider.yaml.")
    return ids


def _show_size(console: Console, provider: Provider) -> None:
    currencies = list(dict.fromkeys(package.currency for package in provider.packages))
    customers = {currency: [c for c in provider.customers if c.currency == currency] for currency in currencies}
    packages = [sum(package.currency == currency for package in provider.packages) for currency in currencies]
    rented = [sum(len(c.assignments) for c in customers[currency]) for currency in currencies]
    prepaid = [sum((c.prepaid for c in customers[currency]), Decimal(0)) for currency in currencies]
    show(
        console,
        Column("Currency", currencies),
        Column("Packages", [str(count) for count in packages], "number"),
        Column("Customers", [str(len(customers[currency])) for currency in currencies], "number"),
        Column("Assignments", [str(count) for count in rented], "number"),
        Column("Paid in advance", [figure(amount) for amount in prepaid], "amount"),
    )


def tell(teller: Teller) -> None:
    """The story from the first evaluated day to the last forecast."""
    story = teller.provider.story
    section(teller.console, "2. A run every day, until a customer's credit runs out")
    teller.evaluate(story.first_day, story.payment.day)
    tell_payment(teller)
    section(teller.console, "3. Three days without a run")
    teller.evaluate(story.payment.day + 2 * ONE_DAY, story.outage_first_day - ONE_DAY)
    tell_outage(teller)
    section(teller.console, "4. A month of calls: free minutes and minimum spend")
    teller.evaluate(story.outage_last_day + 2 * ONE_DAY, story.calls.last_day + ONE_DAY)
    tell_calls(teller)
    section(teller.console, "5. A rise for new customers, a price of one's own, a free month, a pause, a number that moves")
    teller.provider = transfer_number(teller.service, teller.provider, teller.ids)
    teller.evaluate(story.calls.last_day + 2 * ONE_DAY, story.last_day)
    tell_agreements(teller)
    section(teller.console, "6. Nothing lost, nothing charged twice")
    teller.say(f"What fell due from {story.first_day} to {story.last_day}: as the ledgers have it, and as expected by a")
    teller.say("second count, which looks at every single day of every line in demo/provider.yaml.")
    tell_count(teller, story.last_day, shown_from=story.first_day)
    tell_run_package(teller)
    tell_foresight(teller)


def conclude(console: Console, checks: Checks, provider: Provider, seconds: float) -> int:
    """Say how it ended and what to try next; the exit code."""
    section(console, "What to try next" if not checks.failed else "Failed")
    if checks.failed:
        for failed in checks.failed:
            count = f"{len(failed.problems)} {'problem' if len(failed.problems) == 1 else 'problems'}, see above"
            console.print(f"  Does not hold ({count}): {failed.claim}", style="red", markup=False, soft_wrap=True)
        return 1
    story = provider.story
    steps = NEXT_STEPS.format(
        customer=story.report_customer, day=story.report_day, caller=story.calls.queue_customer, call_day=story.calls.first_day
    )
    console.print(f"{steps}\n", markup=False, soft_wrap=True)
    console.print(f"  [green]All {len(checks.done)} checks hold[/green], after {seconds:.0f} seconds.")
    return 0


def _queue(stack: EmbeddedStack) -> Enqueue:
    def enqueue(queue: str, text: str) -> None:
        stack.client("sqs").send_message(QueueUrl=stack.queue_url(queue), MessageBody=text)

    return enqueue


def main() -> int:
    """Tell the story; 0 when every check held, 1 otherwise."""
    console, started = make_console(), time.monotonic()
    try:
        provider = load()
        checks = Checks()
        console.print("Deploying the service to an embedded AWS on this machine ...")
        with EmbeddedStack(env=SETTINGS) as stack:
            console.print(f"Deployed in {max(1, round(time.monotonic() - started))} s.")
            service = Service(base_url=stack.base_url, invoke=stack.invoke, enqueue=_queue(stack))
            ids = tell_setup(console, service, provider)
            switch = Switch(service, provider)
            tell(Teller(console=console, service=service, provider=provider, ids=ids, checks=checks, switch=switch))
            service.close()
    except FunctionError as error:
        told = error.payload if isinstance(error.payload, dict) else {}
        message = f"a function failed: {told.get('errorType')}: {told.get('errorMessage')}"
        console.print(f"The demo stopped: {message}", style="red", markup=False, soft_wrap=True)
        return 1
    except (BadProviderError, ServiceError, EmbeddedStackError, PackagingError, SettingsError) as error:
        console.print(f"The demo stopped: {error}", style="red", markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted.")
        return 130
    return conclude(console, checks, provider, time.monotonic() - started)


if __name__ == "__main__":
    sys.exit(main())
