"""Restores the tables of a stack to one moment, beside those that the service uses, and completes them.

    python -m tools.restore --stack packages-billing-prod --to 2031-03-15T01:00:00Z --suffix=-restored

Nothing that there is gets changed or deleted: docs/operations.md says how the service goes over to the restored tables.
Without `--to`, the moment is the latest that can be restored. DynamoDB leaves out of a restored table what is switched on
here: point-in-time recovery, deletion protection, expiry and stream.
"""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from chalicelib.storage.keys import TABLES
from tools.aws import Aws
from tools.tables import SUFFIX_PATTERN, suffix

LOOKS, LOOK_SECONDS = 1_440, 20
"""Eight hours: a large table takes long."""


class Copy(NamedTuple):
    """A table to restore: its logical name, and the names of the table in use and of the one beside it."""

    name: str
    source: str
    target: str


class RestoreError(Exception):
    """What can't be restored; the message says why."""


def copies(in_use: Mapping[str, str], stack: str, behind: str, only: Sequence[str]) -> list[Copy]:
    """What is to be restored, all tables unless `only` names some."""
    return [Copy(name, source, f"{stack}-{name}{behind}") for name, source in in_use.items() if name in (only or in_use)]


def restorable(dynamodb: Any, copy: Copy) -> bool:
    """Whether a table has point-in-time recovery."""
    told = dynamodb.describe_continuous_backups(TableName=copy.source)["ContinuousBackupsDescription"]
    return bool(told.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus") == "ENABLED")


def begin(dynamodb: Any, copy: Copy, moment: datetime | None) -> None:
    """Begins to restore a table. Raises `RestoreError` when there is a table of that name."""
    to: dict[str, Any] = {"RestoreDateTime": moment} if moment else {"UseLatestRestorableTime": True}
    try:
        dynamodb.restore_table_to_point_in_time(SourceTableName=copy.source, TargetTableName=copy.target, **to)
    except dynamodb.exceptions.TableAlreadyExistsException:
        raise RestoreError(f"{copy.target} is there already: name another --suffix, or go on with it by --resume") from None


def complete(dynamodb: Any, copy: Copy) -> None:
    """Waits until a table is restored, and switches on what it lacks. May be repeated."""
    dynamodb.get_waiter("table_exists").wait(TableName=copy.target, WaiterConfig={"Delay": LOOK_SECONDS, "MaxAttempts": LOOKS})
    dynamodb.update_continuous_backups(TableName=copy.target, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    arguments, has = TABLES[copy.name], dynamodb.describe_table(TableName=copy.target)["Table"]
    if not has.get("DeletionProtectionEnabled"):
        dynamodb.update_table(TableName=copy.target, DeletionProtectionEnabled=True)
    if (stream := arguments.get("StreamSpecification")) and not has.get("StreamSpecification", {}).get("StreamEnabled"):
        dynamodb.get_waiter("table_exists").wait(TableName=copy.target)
        dynamodb.update_table(TableName=copy.target, StreamSpecification=stream)
    if expiry := arguments.get("TimeToLive"):
        expire(dynamodb, copy.target, expiry)


def expire(dynamodb: Any, table: str, attribute: str) -> None:
    """Lets items expire; DynamoDB refuses to switch on what is on."""
    if dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]["TimeToLiveStatus"] in ("ENABLED", "ENABLING"):
        return
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute})


def restore(aws: Aws, asked: argparse.Namespace) -> list[Copy]:
    """Restores, and tells of each table in a line. Raises `RestoreError`."""
    dynamodb, done = aws.client("dynamodb"), []
    for copy in copies(aws.tables_in_use(asked.stack), asked.stack, asked.suffix, asked.table):
        if not restorable(dynamodb, copy):
            print(f"{copy.name}: {copy.source} has no point-in-time recovery and stays in use")
            continue
        if not asked.resume:
            begin(dynamodb, copy, asked.to)
        done.append(copy)
    for copy in done:
        complete(dynamodb, copy)
        print(f"{copy.name}: {copy.target} is restored from {copy.source}", flush=True)
    return done


def instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("without a time zone")
    return moment


def suffixed(text: str) -> str:
    if not text or not re.fullmatch(SUFFIX_PATTERN, text):
        raise ValueError("not a suffix")
    return text


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.restore", description="Restores the tables of a stack beside those in use.")
    parser.add_argument("--stack", required=True)
    parser.add_argument("--to", type=instant, help="the moment, like 2031-03-15T01:00:00Z; without it the latest")
    parser.add_argument("--suffix", type=suffixed, default="-restored", help="what is put behind the tables' names (--suffix=-restored)")
    parser.add_argument("--table", action="append", choices=list(TABLES), default=[], help="only this table; may be given more than once")
    parser.add_argument("--resume", action="store_true", help="go on with tables that are being restored")
    parser.add_argument("--endpoint", help="an embedded AWS")
    return parser.parse_args(arguments)


def main() -> int:
    asked = parsed(sys.argv[1:])
    try:
        done = restore(Aws(asked.endpoint), asked)
    except (RestoreError, WaiterError, BotoCoreError, ClientError) as error:
        print(f"not restored: {error}", file=sys.stderr)
        return 1
    overrides = " ".join(f"{suffix(copy.name)}={asked.suffix}" for copy in done)
    print(f"To use them: aws cloudformation deploy ... --parameter-overrides {overrides}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
