"""All routes of the API, by resource, in the order in which its description has them."""

from typing import Final

from . import (
    assignments,
    audits,
    changes,
    closing,
    customers,
    events,
    exports,
    forecasts,
    history,
    imports,
    meta,
    overview,
    packages,
    reconciliations,
    reference,
    replacements,
    runs,
    schedule,
    settings,
    staged_imports,
    statements,
    usage,
    work,
)

BLUEPRINTS: Final = tuple(
    module.blueprint
    for module in (
        meta,
        packages,
        schedule,
        customers,
        closing,
        statements,
        history,
        assignments,
        replacements,
        imports,
        usage,
        runs,
        work,
        exports,
        events,
        forecasts,
        overview,
        audits,
        changes,
        reconciliations,
        staged_imports,
        reference,
        settings,
    )
)
