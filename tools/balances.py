"""Checks every balance, and what else is derived, against the ledger; with `--repair` sets right what follows from it.

    python -m tools.balances --stack packages-billing-prod
    python -m tools.balances --stack packages-billing-prod --suffix=-restored
    python -m tools.balances --endpoint http://127.0.0.1:8000

Credentials and region come from where boto3 finds them, names of tables from the stack, which says which ones it uses, or
from variables (docs/reference/variables.md). `--suffix` looks at restored tables that it does not use yet. Without `--repair`
nothing is written. The exit status is 1 when something is left to be mended.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import config, deployment
from chalicelib.domain.errors import BillingError
from chalicelib.storage.db import Db
from chalicelib.storage.keys import CATALOG, TABLES
from chalicelib.storage.waiting_db import WaitingDb
from chalicelib.usecases import balance_check
from chalicelib.usecases.balance_check import Coverage, Flaw
from tools.aws import Aws
from tools.embedded import DUMMY_KEY, REGION, STACK

THREADS_MAX = 16
PATIENCE_SECONDS = 300.0


class Report:
    """Tells of flaws as they are found, from any thread, and mends them if that is wanted."""

    def __init__(self, db: Db, *, mend: bool) -> None:
        self._db = db
        self._mend = mend
        self._lock = Lock()
        self.found = 0
        self.mended = 0

    def tell(self, flaw: Flaw) -> None:
        """One line for a flaw, and what became of it."""
        mended = self._mend and balance_check.repair(self._db, flaw)
        with self._lock:
            self.found += 1
            self.mended += mended
            print(f"{flaw.kind:13}  {flaw.where}: {flaw.detail}; {self._fate(flaw, mended=mended)}", flush=True)

    def _fate(self, flaw: Flaw, *, mended: bool) -> str:
        if mended:
            return "repaired"
        if flaw.repair is None:
            return "not repairable here"
        return "changed meanwhile, check again" if self._mend else "--repair sets it right"

    def sum_up(self, seen: Coverage) -> str:
        """The last line."""
        looked_at = f"{seen.customers:,} customers, {seen.entries:,} ledger entries, {seen.assigned.total():,} assignments"
        return f"{looked_at}: {self.found:,} flaws, {self.mended:,} repaired"


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.balances", description="Checks balances and counts against the ledger.")
    parser.add_argument("--repair", action="store_true", help="set right what follows from the ledger; otherwise nothing is written")
    parser.add_argument("--stack", help=f"the tables of this stack; with --endpoint {STACK} unless said otherwise")
    parser.add_argument("--suffix", help="of the stack's tables, those that were restored with this behind their names")
    parser.add_argument("--endpoint", help="an embedded AWS, such as that of `make serve`: http://127.0.0.1:8000")
    parser.add_argument("--segments", type=int, default=8, help="parts to read at a time (8)")
    return parser.parse_args(arguments)


def tables(aws: Aws, stack: str | None, behind: str | None) -> dict[str, str]:
    """The tables of a stack; without one those that the environment names."""
    if stack is None:
        return dict(config.read_config(os.environ).tables)
    return aws.tables_in_use(stack) if behind is None else {name: f"{stack}-{name}{behind}" for name in TABLES}


def database(asked: argparse.Namespace) -> Db:
    """The tables, read patiently; those of the embedded AWS with its credentials."""
    embedded = {"endpoint_url": asked.endpoint, "region_name": REGION, "aws_access_key_id": DUMMY_KEY, "aws_secret_access_key": DUMMY_KEY}
    named = tables(Aws(asked.endpoint), asked.stack or (STACK if asked.endpoint else None), asked.suffix)
    db = Db(deployment.dynamodb(**(embedded if asked.endpoint else {})), named)
    db.scan(CATALOG, limit=1)  # whether it is there at all needs no patience
    return WaitingDb(db, lambda: PATIENCE_SECONDS)


def check(asked: argparse.Namespace) -> int:
    """The exit status of a check."""
    db = database(asked)
    report = Report(db, mend=asked.repair)
    with ThreadPoolExecutor(min(asked.segments, THREADS_MAX)) as pool:
        seen = balance_check.check_balances(db, asked.segments, pool, report.tell)
    print(report.sum_up(seen))
    return 0 if report.mended == report.found else 1


def main() -> int:
    asked = parsed(sys.argv[1:])
    if asked.segments < 1:
        print("--segments must be 1 or more", file=sys.stderr)
        return 2
    try:
        return check(asked)
    except (BillingError, BotoCoreError, ClientError) as error:
        print(f"the tables can't be read: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
