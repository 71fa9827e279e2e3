"""What the fields of the list of DIDs mean, and of refusals about DIDs, as the glossary says it of all others."""

from typing import Final

DID_FIELDS: Final = {
    "DidSummary.customer_id": "Who has it today; null if nobody has.",
    "DidSummary.customer_name": "That customer's name; empty if there is none.",
    "DidSummary.since": "The first day on which the customer has had it without a gap; null if nobody has it.",
    "DidSummary.until": "The last day on which the customer has it without a gap; null if for good, or if nobody has it.",
    "DidSummary.package_names": "What it is charged by today, or would be if it were not paused.",
    "DidSummary.currency": "The currency of these packages; null if nobody has it.",
    "DidSummary.cost": "What they cost, a month, quantity included; null if they are charged once only.",
    "DidSummary.retail": "What they bring in, a month, less discounts.",
    "DidSummary.paused": "Whether all of it is paused today.",
    "DidSummary.free_from": "The first day, today or later, from which on nobody has it; null if somebody has it for good.",
    "DidSummary.next_customer_id": "Who has it next, after that or after a gap; null if nobody.",
    "DidSummary.next_from": "From when on.",
    "DidSummary.last_customer_id": "Who had it before; null if nobody had.",
    "DidSummary.last_day": "Until when.",
    "DidSummary.did": "The number, as digits.",
    "Problem.customer_id": "Who has the number then.",
    "Problem.assignment_id": "By which assignment.",
    "Problem.free_from": "The first day from which on nobody else has it; left out if somebody has it for good.",
}
