"""What each parameter of a path or query means; with the name of an operation before it, what it means there."""

from typing import Final

from tools.openapi.glossary_of_imports import IMPORT_PARAMETERS

PARAMETERS: Final = {
    "sort": "What the list is sorted by: `name`, `balance`, `value` and `margin` (of a month), or `short_on`, the day on which they run "
    "short.",
    "read_ledger.sort": "By `due` date, or as it was `posted`, which leaves out what is held or written off. If left out, by the "
    "days that are asked for.",
    "read_ledger.kind": "Only entries of this kind.",
    "list_work.kind": "Only work of this kind.",
    "read_ledger.package": "Only charges for this package.",
    "order": "`asc`, the smallest or earliest first, or `desc`.",
    "ids": "Only these customers, whose ids are separated by commas: at most 100, on one page, in this order. "
    "One that is not there is left out.",
    "sums": "Whether to tell what all of them come to, whatever the page.",
    "of": "Only what credits, reverses or takes from this entry.",
    "effect": "Only customers to whom the changes do this, those first to whom they do most: `pays_more`, `pays_less`, or "
    "`falls_below_cost`, who would pay less than they cost and did not before.",
    "finding": "Only findings of this kind.",
    "cost": "Whether to tell costs and margins too; false if left out.",
    "package_id": "The package's id.",
    "customer_id": "The customer's id, chosen by whoever created it.",
    "assignment_id": "The assignment's id.",
    "entry_id": "The ledger entry's id.",
    "run_id": "The run's id.",
    "work_id": "The work's id.",
    **IMPORT_PARAMETERS,
    "did": "A telephone number, written as people do: `442079460901`, `+44 20 7946 0901` and `00442079460901` are one.",
    "on": "A day: only what is valid on it is listed, with the quantity, prices and discount of that day. Pages may then have fewer items.",
    "correct": "Whether to correct past days: `from` need not be an open day then, and the body needs a `reason`.",
    "refused": "Whether those are listed that can't be changed, or were not, with why; otherwise those that can be, or were.",
    "dry_run": "Whether nothing is to be written; `false` writes the rows.",
    "file": "A file that the page names.",
    "limit": "How many items a page has at most.",
    "cursor": "The `next_cursor` of the page before; opaque, and good for the same list only.",
    "prefix": "Only ids that begin with it.",
    "search": "Beginnings of words, each of which begins a word of the name, or the id, of customers also of the e-mail address, the "
    "external id and the tags: `mul gmbh` finds Müller & Söhne GmbH. Accents, upper and lower case make no difference. "
    "Where numbers are listed, the beginning of one, as people write it: `+44 20`. A page may have fewer than `limit`, at most 20 of "
    "customers and packages as they are now, or none, although there is a `next_cursor`.",
    "free": "Only numbers that nobody has today, or that somebody has.",
    "held": "Only customers with held charges, or without any. One whose first charge was held a moment ago may be missing.",
    "parked": "Only customers who are parked, or who are not.",
    "package": "Only assignments of this package; one just made may be missing for a moment.",
    "connexcs_package": "Only assignments of packages that enable this package of ConnexCS.",
    "ends_from": "Only assignments that end on this day or later.",
    "ends_to": "Only assignments that end on this day or earlier.",
    "type": "Only packages of this type.",
    "frequency": "How often it is charged.",
    "frequency_match": "Days of the month with `monthly`, weekdays with `weekly`; commas between them.",
    "every": "Every so many days, weeks or months; 1 when left out.",
    "count": "How many dates, from the first on; in place of `to`.",
    "start": "The first day of an imagined assignment.",
    "from": "The first day that is asked for; in a path, the day on which it begins.",
    "to": "The last day that is asked for, included.",
    "posted_from": "The first day of posting, in the billing time zone. Not together with `from` and `to`.",
    "posted_to": "The last day of posting, included.",
    "date": "The day that is asked for; today in the billing time zone if left out.",
    "customer": "Only this customer's.",
    "currency": "Only those with this currency.",
    "status": "Only those with this status.",
    "kind": "Only discrepancies of this kind.",
}
