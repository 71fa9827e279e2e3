"""What the fields of ledgers in an order, and of lists with counts and sums, mean."""

from typing import Final

LEDGER_FIELDS: Final = {
    "ListedPackage.assignments": "How many assignments it has; ended ones count, too.",
    "ListedEntry.balance": "The balance once this entry, and all before it in this order, have moved it. Of an entry that was asked for "
    "in an order.",
    "HeldPage.sums": "What all pages come to; with `sums=true`.",
    "HeldSums.charges": "How many charges are held.",
    "HeldSums.oldest": "The due date of the oldest.",
    "HeldSums.whole": "False if more than 10,000 charges are held: the sums are of the first 10,000 then.",
    "HeldSums.by_currency": "What they come to; amounts of different currencies are never added.",
    "HeldOfCurrency.charges": "How many they are.",
    "LedgerPage.count": "How many entries there are, on all pages.",
    "LedgerPage.sums": "What they come to, on all pages.",
    "LedgerSums.status": "Of entries with this status.",
    "LedgerSums.entries": "How many they are.",
}
