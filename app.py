"""The packages billing service: routes as blueprints, and the handlers of scheduled, queue and invoked functions.

Those handlers stay here: in a blueprint they would be deployed without this module ever being imported.
"""

from typing import Any

from chalice.app import Chalice, Cron

from chalicelib import telling
from chalicelib.api import assignments, customers, guards, imports, meta, packages, reference, runs, schedule, usage
from chalicelib.console import pages as console
from chalicelib.jobs import functions, queue

app = Chalice(app_name="packages-billing", configure_logs=False)
app.debug = False
app.register_middleware(guards.guard, "http")
telling.configure()

for module in (meta, packages, schedule, customers, assignments, imports, usage, runs, reference, console):
    app.register_blueprint(module.blueprint)


@app.schedule(Cron(0, 3, "*", "*", "?", "*"))
def evaluate_due_charges(event: Any) -> dict[str, Any]:
    """Begin the evaluation of today, or of the date that an invocation names; packaging sets the hour."""
    return functions.evaluate(event.to_dict(), event.context)


evaluate_due_charges.event_class = functions.AnyEvent


@app.on_sqs_message(queue="post-charges", batch_size=1)
def post_charges(event: Any) -> dict[str, Any]:
    """Post a bounded piece of a run."""
    return queue.post_charges(event.to_dict(), event.context)


@app.on_sqs_message(queue="record-usage", batch_size=10)
def record_usage(event: Any) -> dict[str, Any]:
    """Record calls that switches push."""
    return queue.record_usage(event.to_dict(), event.context)


@app.lambda_function()
def run_package(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Run Package, invoked from the console, the CLI or an SDK."""
    return functions.run_package(event, context)
