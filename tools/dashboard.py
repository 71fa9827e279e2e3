"""The dashboard of deployable stages: what is charged, who waits, and what it takes."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.storage.keys import TABLES
from tools.tables import name_in_use, resource

Resource = dict[str, Any]
Line = list[Any]

WIDTH, HEIGHT = 12, 6
DAY_SECONDS, MINUTES_5_SECONDS = 86_400, 300
METRICS = "PackagesBilling"
STACK = "${AWS::StackName}"


def graph(title: str, lines: list[Line], *, seconds: int = MINUTES_5_SECONDS, stat: str = "Sum") -> dict[str, Any]:
    """One widget's properties."""
    return {"title": title, "region": "${AWS::Region}", "view": "timeSeries", "stat": stat, "period": seconds, "metrics": lines}


def of_the_service(*names: str) -> list[Line]:
    return [[METRICS, name, "service", STACK] for name in names]


def billing() -> list[dict[str, Any]]:
    """What is charged. Currencies are found by a search: which there are is known by nobody beforehand."""
    retail = f"SEARCH('{{{METRICS},service,Currency}} MetricName=\"Retail\" service=\"{STACK}\"', 'Sum', {DAY_SECONDS})"
    return [
        graph("Charges by day", of_the_service("ChargesPosted", "ChargesHeld", "ChargesFailed"), seconds=DAY_SECONDS),
        graph("Retail by day and currency", [[{"expression": retail, "id": "retail", "label": ""}]], seconds=DAY_SECONDS),
        graph("Days late, customers parked", of_the_service("DaysLate", "CustomersParked"), seconds=DAY_SECONDS, stat="Maximum"),
        graph("The day's sweep: segments left", of_the_service("SegmentsLeft"), stat="Minimum"),
    ]


def api() -> list[dict[str, Any]]:
    names = ["AWS/ApiGateway", "ApiName", STACK, "Stage", "${RestAPI.Stage}"]

    def line(name: str, **shown: Any) -> Line:
        return [names[0], name, *names[1:], shown]

    slow = [line("Latency", stat="p50", label="p50"), line("Latency", stat="p99", label="p99")]
    return [
        graph("API: requests and errors", [line("Count"), line("4XXError"), line("5XXError")]),
        graph("API: milliseconds", slow),
    ]


def functions(resources: Iterable[str]) -> list[dict[str, Any]]:
    def lines(*names: str) -> list[Line]:
        return [["AWS/Lambda", name, "FunctionName", f"${{{one}}}", {"label": f"{one} {name}"}] for one in resources for name in names]

    return [
        graph("Functions: errors and throttles", lines("Errors", "Throttles")),
        graph("Functions: longest, milliseconds", lines("Duration"), stat="Maximum"),
    ]


def queues(resources: Iterable[str]) -> list[dict[str, Any]]:
    def lines(name: str) -> list[Line]:
        return [["AWS/SQS", name, "QueueName", f"${{{one}.QueueName}}", {"label": one}] for one in resources]

    return [
        graph("Queues: messages waiting", lines("ApproximateNumberOfMessagesVisible"), stat="Maximum"),
        graph("Queues: oldest message, seconds", lines("ApproximateAgeOfOldestMessage"), stat="Maximum"),
    ]


def tables() -> list[dict[str, Any]]:
    def lines(name: str) -> list[Line]:
        return [["AWS/DynamoDB", name, "TableName", name_in_use(one), {"label": resource(one)}] for one in TABLES]

    return [
        graph("Tables: units read", lines("ConsumedReadCapacityUnits")),
        graph("Tables: units written", lines("ConsumedWriteCapacityUnits")),
    ]


def placed(graphs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Widgets, two in a row."""
    return [
        {"type": "metric", "x": n % 2 * WIDTH, "y": n // 2 * HEIGHT, "width": WIDTH, "height": HEIGHT, "properties": properties}
        for n, properties in enumerate(graphs)
    ]


def dashboard(*, function_names: list[str], queue_names: list[str]) -> dict[str, Resource]:
    """The dashboard, named as the stack; of functions and queues by their resources, and of the tables in use."""
    graphs = [*billing(), *api(), *functions(function_names), *queues(queue_names), *tables()]
    body = json.dumps({"start": "-P14D", "widgets": placed(graphs)})
    properties = {"DashboardName": {"Ref": "AWS::StackName"}, "DashboardBody": {"Fn::Sub": body}}
    return {"Dashboard": {"Type": "AWS::CloudWatch::Dashboard", "Properties": properties}}
