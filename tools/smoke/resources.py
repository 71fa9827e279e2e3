"""What stands behind the functions: queues with their dead letters, and tables that can be restored."""

from functools import partial
from typing import Any

from tools.checks import NotProven
from tools.smoke.world import World, demand
from tools.template import CONSUMERS

PAUSE_SECONDS, LOOKS = 15, 240
"""An hour, for a small table."""
DEAD_LETTER_SECONDS = 2400.0
"""Ten tries, up to five minutes apart."""


def bad_message(world: World, prefix: str) -> str:
    return f"not a message: {world.prefix} {prefix}"


def send_bad_messages(world: World) -> str:
    """To each queue what no worker can read. They ring the alarms of dead letters when they arrive there."""
    for prefix in CONSUMERS.values():
        world.aws.client("sqs").send_message(QueueUrl=world.outputs[f"{prefix}QueueUrl"], MessageBody=bad_message(world, prefix))
    return "one message to each queue that no worker can read"


def dead_letters(world: World) -> str:
    """Each bad message among the dead letters; it is taken out of there."""
    seconds = world.asked.patience if world.aws.endpoint else max(world.asked.patience, DEAD_LETTER_SECONDS)
    missing = [prefix for prefix in CONSUMERS.values() if not world.until(partial(taken, world, prefix), seconds=seconds)]
    if missing:
        raise NotProven(f"not there yet: {', '.join(missing)}; look for {world.prefix} in the dead letters, and delete it")
    return "each bad message is a dead letter after its tries, and deleted"


def taken(world: World, prefix: str) -> bool:
    """Whether our letter was among those that could be seen, and is deleted now. Others are let go at once."""
    sqs, queue = world.aws.client("sqs"), world.outputs[f"{prefix}DeadLettersUrl"]
    found = False
    for letter in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=30, WaitTimeSeconds=1).get("Messages", []):
        handle = {"QueueUrl": queue, "ReceiptHandle": letter["ReceiptHandle"]}
        if letter["Body"] == bad_message(world, prefix):
            sqs.delete_message(**handle)
            found = True
        else:
            sqs.change_message_visibility(**handle, VisibilityTimeout=0)
    return found


def restore(world: World) -> str:
    """The smallest table, restored beside, held against the one in use, and deleted again."""
    dynamodb, source = world.aws.client("dynamodb"), world.outputs["CatalogTableName"]
    target = f"{source}-{world.prefix}"
    dynamodb.restore_table_to_point_in_time(SourceTableName=source, TargetTableName=target, UseLatestRestorableTime=True)
    try:
        dynamodb.get_waiter("table_exists").wait(TableName=target, WaiterConfig={"Delay": pause(world), "MaxAttempts": LOOKS})
        demand(settings(dynamodb, target) == settings(dynamodb, source), f"{target} has other settings than {source}")
        dynamodb.delete_table(TableName=target)
    except BaseException:
        world.note({"left": target})
        raise
    return f"{source} was restored beside, was the same, and the copy is deleted"


def pause(world: World) -> int:
    return 1 if world.aws.endpoint else PAUSE_SECONDS


def settings(dynamodb: Any, table: str) -> Any:
    """What the tables say of themselves: the time zone of their dates."""
    key = {"pk": {"S": "SETTINGS"}, "sk": {"S": "DEPLOYMENT"}}
    return dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")


def clean_up(world: World) -> str:
    """Ends what was assigned, so that nothing of it is charged again; customers with a ledger stay, as every customer's does."""
    for path in world.assignments:
        answer = world.api.delete(path)
        demand(answer.status_code in (200, 202, 204, 404), f"DELETE {path}: {answer.status_code} {answer.text[:200]}")
    kept = [package for package in world.packages if world.api.delete(f"/packages/{package}").status_code not in (200, 204, 404)]
    return f"{len(world.assignments)} assignments ended; {len(world.customers)} customers {world.prefix}-* and {len(kept)} packages stay"
