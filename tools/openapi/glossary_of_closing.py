"""What the fields of closing a customer mean, those of a customer at a glance, and of what is charged at once."""

from typing import Final

CLOSING_FIELDS: Final = {
    "ClosingBody.on": "The last day: the eve of the first open day or later, but not before today.",
    "ClosingBody.assignments": "Those that a dry run has shown and that are to be ended as it has shown; required unless `dry_run=true`.",
    "SeenAssignment.assignment_id": "One of the assignments that were shown.",
    "SeenAssignment.version": "The version that was shown.",
    "Closing.on": "The last day that was asked for.",
    "closed_on": "The last day of all assignments; null if there are none, or while one that was refused goes on.",
    "Closing.items": "Each assignment that is not over.",
    "still_due": "What the days through the last on which something falls due bring, as things stand then.",
    "becomes": "`ended`: on `last_day`. `removed` or `cancelled`: before it begins. `ends_already`: by itself. `refused`: it goes on.",
    "ClosingItem.last_day": "The last day on which it is valid; null for none.",
    "earliest_end_date": "The end of its minimum days, where that is later than `on`; null otherwise.",
    "Outlook.generated_at": "When it was planned (RFC 3339, with offset).",
    "planned_to": "The last day that was planned.",
    "Outlook.features": "The ConnexCS packages that are enabled today.",
    "next_charge": "What falls due next and is not charged yet; null if nothing falls due by `planned_to`.",
    "NextCharge.date": "The day whose evaluation charges it.",
    "NextCharge.lines": "The first 50 lines.",
    "last_payment": "The newest payment among the newest 1,000 entries; null for none.",
    "LastPayment.date": "The day on which it was booked.",
    "LastPayment.amount": "What it moved the balance by.",
    "TriedAssignment.due_dates": "How many due dates are past, and would be charged at once.",
    "TriedAssignment.retail": "What they come to.",
    "TriedAssignment.cost": "What they cost the provider.",
    "needs_confirmation": "Whether `confirm_backlog` is needed: more than 3 due dates, or one more than 31 days ago.",
    "TriedAssignment.lines": "What would be charged, in the order of charges.",
    "why": "Why it is refused; null otherwise.",
}
