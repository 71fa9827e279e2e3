"""Every table, index and key. What each is asked for: docs/architecture.md, "Tables"."""

from datetime import date
from typing import Any, Final

from ..domain.assignment import BucketKey

Key = dict[str, str]

CATALOG: Final = "catalog"
ACCOUNTS: Final = "accounts"
LEDGER: Final = "ledger"
USAGE: Final = "usage"
RUNS: Final = "runs"
HISTORY: Final = "history"

BY_PACKAGE: Final = "by_package"
CUSTOMERS: Final = "customers"
BY_MINUTES: Final = "minutes"
HELD: Final = "held"

ACCOUNT_SK: Final = "ACCOUNT"
ASSIGNMENT_PREFIX: Final = "ASSIGNMENT#"
FEATURE_PREFIX: Final = "FEATURE#"
"""Sorts behind accounts and assignments."""
PACKAGE_PK: Final = "PACKAGE"
CONNEXCS_PK: Final = "CONNEXCS"
ENDS_PK: Final = "ENDS"
DIDS_PK: Final = "DIDS"
RUNS_PK: Final = "RUNS"
PARKED_PK: Final = "PARKED"
WORKS_PK: Final = "WORKS"
PROGRESS_PK: Final = "PROGRESS"
STARTED_SK: Final = "STARTED"
PRICES_PREFIX: Final = "PRICES#"
EXPIRES: Final = "expires"


def _schema(pk: str, sk: str) -> list[dict[str, str]]:
    return [{"AttributeName": pk, "KeyType": "HASH"}, {"AttributeName": sk, "KeyType": "RANGE"}]


def _definition(indexes: dict[str, tuple[str, str, str]], **extra: Any) -> dict[str, Any]:
    """A table with keys pk and sk and string-keyed indexes `name: (hash, range, projection)`."""
    names = {"pk", "sk"} | {name for pk, sk, _ in indexes.values() for name in (pk, sk)}
    table: dict[str, Any] = {
        "KeySchema": _schema("pk", "sk"),
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in sorted(names)],
    }
    if indexes:
        table["GlobalSecondaryIndexes"] = [
            {"IndexName": name, "KeySchema": _schema(pk, sk), "Projection": {"ProjectionType": projection}}
            for name, (pk, sk, projection) in indexes.items()
        ]
    return table | extra


_NEW_IMAGES: Final = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
TABLES: Final[dict[str, dict[str, Any]]] = {
    CATALOG: _definition({}),
    ACCOUNTS: _definition(
        {
            BY_PACKAGE: ("package", "sk", "KEYS_ONLY"),
            CUSTOMERS: ("listed", "pk", "KEYS_ONLY"),
            BY_MINUTES: ("minutes_of", "sk", "KEYS_ONLY"),
        }
    ),
    LEDGER: _definition(
        {HELD: ("held_by", "sk", "ALL")},
        StreamSpecification=_NEW_IMAGES,
    ),
    USAGE: _definition({}, TimeToLive=EXPIRES),
    RUNS: _definition({}, TimeToLive=EXPIRES),
    HISTORY: _definition({}, TimeToLive=EXPIRES, StreamSpecification=_NEW_IMAGES),
}
"""Logical name -> `create_table` arguments without name and billing mode; `TimeToLive` names the expiry attribute."""


def package_key(package_id: str) -> Key:
    """A package in `catalog`."""
    return {"pk": PACKAGE_PK, "sk": package_id}


def did_tenures_key(did: str) -> Key:
    """Who holds a DID, in `catalog`."""
    return {"pk": f"DID#{did}", "sk": "HOLDS"}


def listed_did_key(did: str) -> Key:
    """A DID in the list of all, in `catalog`."""
    return {"pk": DIDS_PK, "sk": did}


def end_key(day: date, customer_id: str, assignment_id: str) -> Key:
    """The end of an assignment, in `catalog`: by date, for all customers."""
    return {"pk": ENDS_PK, "sk": f"{day}#{customer_id}#{assignment_id}"}


def parked_key(customer_id: str) -> Key:
    """That a customer is parked, in `runs`, whose workers park."""
    return {"pk": PARKED_PK, "sk": customer_id}


def settings_key() -> Key:
    """What the tables were made for, in `catalog`."""
    return {"pk": "SETTINGS", "sk": "DEPLOYMENT"}


def account_key(customer_id: str) -> Key:
    """A customer in `accounts`."""
    return {"pk": customer_id, "sk": ACCOUNT_SK}


def assignment_key(customer_id: str, assignment_id: str) -> Key:
    """An assignment in `accounts`."""
    return {"pk": customer_id, "sk": ASSIGNMENT_PREFIX + assignment_id}


def feature_key(customer_id: str, name: str) -> Key:
    """What was told of a customer's feature, in `accounts`."""
    return {"pk": customer_id, "sk": FEATURE_PREFIX + name}


def entry_key(customer_id: str, key: str) -> Key:
    """A ledger entry."""
    return {"pk": customer_id, "sk": key}


def usage_day_key(customer_id: str, day: date | str, did: str | None) -> Key:
    """A day's totals in `usage`: the customer's, or those of one DID. Each has its days together, whatever others there are."""
    return {"pk": customer_id, "sk": f"DID#{did}#{day}" if did else f"DAY#{day}"}


def call_key(customer_id: str, call_id: str) -> Key:
    """A recorded call in `usage`."""
    return {"pk": customer_id, "sk": f"CALL#{call_id}"}


def bucket_item_key(customer_id: str, key: BucketKey) -> Key:
    """What is used of a bucket, in `usage`."""
    return {"pk": customer_id, "sk": f"BUCKET#{key.assignment_id}#{key.begins}"}


def run_key(run_id: str) -> Key:
    """A run in `runs`."""
    return {"pk": f"RUN#{run_id}", "sk": "RUN"}


def run_part_key(run_id: str, part: str) -> Key:
    """A part of a run's plan or lines in `runs`."""
    return {"pk": f"RUN#{run_id}", "sk": part}


def run_list_key(created_at: str, run_id: str) -> Key:
    """A run's place in the list of runs."""
    return {"pk": RUNS_PK, "sk": f"{created_at}#{run_id}"}


def work_key(work_id: str) -> Key:
    """A long work in `runs`."""
    return {"pk": f"WORK#{work_id}", "sk": "WORK"}


def work_part_key(work_id: str, part: str) -> Key:
    """What a piece of a work kept, or a file of its result, in `runs`."""
    return {"pk": f"WORK#{work_id}", "sk": part}


def work_list_key(created_at: str, work_id: str) -> Key:
    """A work's place in the list of works."""
    return {"pk": WORKS_PK, "sk": f"{created_at}#{work_id}"}


def import_key(import_id: str) -> Key:
    """A file that was or may be imported, in `runs`."""
    return {"pk": f"IMPORT#{import_id}", "sk": "IMPORT"}


def imported_file_key(of: str, sha256: str) -> Key:
    """Which import has applied a file, in `runs`."""
    return {"pk": f"IMPORTED#{of}#{sha256}", "sk": "IMPORTED"}


def turns_key() -> Key:
    """Whose turn it is of the long works, in `runs`."""
    return {"pk": "TURNS", "sk": "TURNS"}


def progress_key(count: int, segment: int) -> Key:
    """How far a segment of the sweep is, in `runs`."""
    return {"pk": PROGRESS_PK, "sk": f"{count}#{segment}"}


def latest_sweep_key() -> Key:
    """The latest day whose evaluation has begun, in `runs`."""
    return {"pk": PROGRESS_PK, "sk": STARTED_SK}


def price_correction_key(package_id: str) -> Key:
    """From when a correction of a package's prices may have made something due, in `runs`."""
    return {"pk": PROGRESS_PK, "sk": PRICES_PREFIX + package_id}


def package_history(package_id: str) -> str:
    """The partition of a package's changes in `history`."""
    return f"PACKAGE#{package_id}"


def customer_history(customer_id: str) -> str:
    """The partition of the changes of a customer and its assignments in `history`."""
    return f"CUSTOMER#{customer_id}"


def run_history(run_id: str) -> str:
    """The partition of a run of all customers in `history`."""
    return f"RUN#{run_id}"


def work_history(work_id: str) -> str:
    """The partition of a work in `history`."""
    return f"WORK#{work_id}"


def history_key(partition: str, history_id: str) -> Key:
    """A change in `history`, whose id begins with its instant."""
    return {"pk": partition, "sk": history_id}


def idempotency_key(fingerprint: str, part: int = 0) -> Key:
    """The record of an idempotent request, in `runs`; or a further part of a long answer, from 1."""
    return {"pk": f"IDEMPOTENCY#{fingerprint}", "sk": f"REQUEST#{part}" if part else "REQUEST"}
