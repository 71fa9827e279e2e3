"""`Idempotency-Key`: the same key and body answer as the first time, whatever happened to the first.

The key is claimed before the work. Everything the work makes takes its id from the claim's first moment and the key, so an
attempt that takes over a claim left behind by a crash makes the same things, and finds those that were made.
"""

import hashlib
import json
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from chalice.app import Response

from .. import deployment
from ..domain.errors import Conflict, Contention, Fault, Invalid, Malformed, Throttled
from ..storage import idempotency
from ..storage.db import Db
from ..storage.idempotency import ClaimRecord
from ..usecases.request_context import RequestContext
from .access import Caller

CLAIM: Final = timedelta(seconds=30)
"""Longer than a request can take: after that the claim is abandoned."""
WAIT_SECONDS: Final = 12.0
_POLL_SECONDS: Final = 0.15
_KEY_CHARACTERS_MAX: Final = 255
PASSING: Final = (403, 429)
"""Refusals that say nothing of the request: the same one succeeds with another token, or a moment later."""


def answered(db: Db, who: Caller, route: str, key: str, body: Any, work: Callable[[RequestContext], Response]) -> Response:
    """The answer of `work`, or the first time's. `route` is the method with the path and its ids; keys are per owner and route.

    Raises `Invalid` idempotency_key_reused for another body, `Conflict` in_progress while another attempt is under way.
    """
    if not 1 <= len(key) <= _KEY_CHARACTERS_MAX:
        raise Malformed(f"Idempotency-Key must have 1 to {_KEY_CHARACTERS_MAX} characters")
    owners = dict.fromkeys((who.owner or who.name, who.name))
    fingerprints = [_hash([owner, route, key]) for owner in owners]
    record = _obtain_claim(db, fingerprints, _hash(body))
    if record.answer is not None:
        return _unpack_response(record.answer)
    response = work(deployment.request_context(who.name, derived_from=(record.begun_at, record.fingerprint)))
    if response.status_code < 500 and response.status_code not in PASSING:
        idempotency.keep_answer(db, record._replace(answer=_pack_response(response)))
    else:
        _drop_claim(db, record)
    return response


def _hash(value: Any) -> str:
    """Of JSON values, and of dates, which queries have."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _obtain_claim(db: Db, fingerprints: Sequence[str], body_hash: str) -> ClaimRecord:
    """Our claim, or the record of an answer, waiting for an attempt that is under way.

    Of `fingerprints` the first is claimed. Releases before 2026-11-28 took keys as the session's, so a record may still have
    the second; it has expired a week after the update.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        now = datetime.now(UTC)
        found = next(filter(None, (idempotency.find_record(db, one) for one in fingerprints)), None)
        if found and found.body_hash != body_hash:
            detail = "Idempotency-Key was used with another body"
            raise Invalid([Fault("", detail)], code="idempotency_key_reused")
        if found and found.answer is not None:
            return found
        if found is None or datetime.fromisoformat(found.claimed_until) < now:
            fingerprint, begun = (found.fingerprint, found.begun_at) if found else (fingerprints[0], now.isoformat())
            record = ClaimRecord(fingerprint, body_hash, begun, (now + CLAIM).isoformat())
            try:
                idempotency.write_claim(db, record, found)
            except Contention:
                continue
            return record
        if time.monotonic() > deadline:
            raise Conflict("the first request with this key is under way", code="in_progress")
        time.sleep(_POLL_SECONDS)


def _drop_claim(db: Db, record: ClaimRecord) -> None:
    """Let a retry begin at once: what failed for a moment is no answer. If this can't be written either, the claim runs out."""
    with suppress(Contention, Throttled):
        idempotency.write_claim(db, record._replace(claimed_until=datetime.now(UTC).isoformat()), record)


def _pack_response(response: Response) -> bytes:
    text = json.dumps([response.status_code, response.headers, response.body], ensure_ascii=False)
    return zlib.compress(text.encode("utf-8", "surrogatepass"))


def _unpack_response(packed: bytes) -> Response:
    status, headers, body = json.loads(zlib.decompress(packed))
    return Response(body, headers, status)
