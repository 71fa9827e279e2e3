"""Answers to requests with an Idempotency-Key, kept for 7 days.

A record is claimed before the work and answered after it. What a request makes takes its id from the record, so whoever
takes over a claim that was left behind makes the same things.
"""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from ..domain.errors import Contention
from . import keys
from .db import Db, Item, put, put_new
from .errors import ConditionFailed
from .keys import RUNS
from .packing import in_pieces

KEPT: Final = timedelta(days=7)


class ClaimRecord(NamedTuple):
    """`begun_at` is the first attempt's; `claimed_until` when another may take over; `answer` None while under way."""

    fingerprint: str
    body_hash: str
    begun_at: str
    claimed_until: str
    answer: bytes | None = None


def find_record(db: Db, fingerprint: str) -> ClaimRecord | None:
    """The record of a request."""
    item = db.get(RUNS, keys.idempotency_key(fingerprint))
    if item is None:
        return None
    more = [keys.idempotency_key(fingerprint, n) for n in range(1, int(item.get("parts", 1)))]
    parts = db.get_many(RUNS, more) if more else {}
    answer = item.get("answer")
    if answer is not None:
        answer += b"".join(parts[key["pk"], key["sk"]]["answer"] for key in more)
    return ClaimRecord(fingerprint, item["body_hash"], item["begun"], item["claimed_until"], answer)


def write_claim(db: Db, record: ClaimRecord, found: ClaimRecord | None) -> None:
    """Claim a request that is unclaimed, or whose claim is still `found` and unanswered. Raises `Contention` if another was first."""
    try:
        if found is None:
            db.write(put_new(RUNS, _record_item(record)))
        else:
            unchanged = "#claimed_until = :read AND attribute_not_exists(#answer)"
            db.write(put(RUNS, _record_item(record), condition=unchanged, values={"read": found.claimed_until}))
    except ConditionFailed as error:
        raise Contention("the request is under way") from error


def keep_answer(db: Db, record: ClaimRecord) -> None:
    """Keep the answer, in parts if an item can't hold it. Whoever took the claim over answers the same, so the last one may stand."""
    first, *more = in_pieces(record.answer or b"")
    expires = {"expires": _expires(record)}
    for n, part in enumerate(more, 1):
        db.write(put(RUNS, keys.idempotency_key(record.fingerprint, n) | {"answer": part} | expires))
    db.write(put(RUNS, _record_item(record._replace(answer=first)) | ({"parts": 1 + len(more)} if more else {})))


def _record_item(record: ClaimRecord) -> Item:
    item: Item = keys.idempotency_key(record.fingerprint) | {
        "body_hash": record.body_hash, "begun": record.begun_at, "claimed_until": record.claimed_until, "expires": _expires(record),
    }  # fmt: skip
    return item | ({"answer": record.answer} if record.answer is not None else {})


def _expires(record: ClaimRecord) -> int:
    return int((datetime.fromisoformat(record.begun_at) + KEPT).timestamp())
