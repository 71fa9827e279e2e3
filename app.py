"""The packages billing service: routes as blueprints, and the handlers of scheduled, queue and invoked functions.

Those handlers stay here: in a blueprint they would be deployed without this module ever being imported.
"""

import gc

gc.disable()  # what is imported stays: looking for garbage in it took a sixth of a cold start

from collections.abc import Mapping
from typing import Any

from chalice.app import Chalice, Cron

from chalicelib import jobs, logging_context
from chalicelib.api import guards, resources
from chalicelib.console import pages as console
from chalicelib.jobs.any_event import AnyEvent

app = Chalice(app_name="packages-billing", configure_logs=False)
app.debug = False
app.register_middleware(guards.guard, "http")
logging_context.configure()

for blueprint in (*resources.BLUEPRINTS, console.blueprint):
    app.register_blueprint(blueprint)


@app.schedule(Cron(0, 3, "*", "*", "?", "*"))
def evaluate_due_charges(event: Any) -> Mapping[str, object]:
    """Begin the evaluation of today, or of the date that an invocation names; packaging sets the hour."""
    return jobs.functions.evaluate(event.to_dict(), event.context)


evaluate_due_charges.event_class = AnyEvent


@app.on_sqs_message(queue="post-charges", batch_size=1)
def post_charges(event: Any) -> dict[str, Any]:
    """Post a bounded piece of a run."""
    return jobs.queue.post_charges(event.to_dict(), event.context)


@app.on_sqs_message(queue="record-usage", batch_size=10)
def record_usage(event: Any) -> dict[str, Any]:
    """Record calls that switches push."""
    return jobs.queue.record_usage(event.to_dict(), event.context)


@app.on_sqs_message(queue="do-work", batch_size=1)
def do_work(event: Any) -> dict[str, Any]:
    """Do a bounded piece of long work."""
    return jobs.queue.do_work(event.to_dict(), event.context)


@app.on_sqs_message(queue="apply-work", batch_size=1)
def apply_work(event: Any) -> dict[str, Any]:
    """Do a bounded piece of long work that writes."""
    return jobs.queue.apply_work(event.to_dict(), event.context)


@app.lambda_function()
def run_package(event: dict[str, Any], context: Any) -> Mapping[str, object]:
    """Run Package, invoked from the console, the CLI or an SDK."""
    return jobs.functions.run_package(event, context)


@app.lambda_function()
def tell(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Tell others what the streams of the ledger and of the history say."""
    return jobs.streams.tell(event, context)


gc.freeze()
gc.enable()
