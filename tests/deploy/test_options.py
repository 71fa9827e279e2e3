"""What a stage can have besides: no page at /docs, a firewall, warm tables."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools import stage
from tools.bundle import TEMPLATE, package_sources
from tools.gateway import DOCS
from tools.template import settings_from

pytestmark = pytest.mark.deploy

OPTIONS = {"firewall_requests": 2_000, "warm_writes_per_second": 40_000}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, copy_sources: Callable[[], Path]) -> Path:
    root = copy_sources()
    config = json.loads((root / stage.CONFIG).read_text())
    config["stages"]["prod"]["stack"] = OPTIONS
    (root / stage.CONFIG).write_text(json.dumps(config))
    settings = settings_from({"SERVE_DOCS": "false"}, stage="prod", year=2026)
    return package_sources(settings, tmp_path_factory.mktemp("options"), root=root) / TEMPLATE


@pytest.fixture(scope="module")
def resources(template: Path) -> dict[str, Any]:
    return dict(json.loads(template.read_text())["Resources"])


def test_cfn_lint_finds_nothing(template: Path) -> None:
    linter = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run([linter, "--non-zero-exit-code", "informational", template], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_d12_the_docs_can_be_left_out(resources: dict[str, Any]) -> None:
    """Also of the bounds: API Gateway refuses those of a method that there is not."""
    properties = resources["RestAPI"]["Properties"]
    assert set(properties["DefinitionBody"]["paths"]).isdisjoint(DOCS)
    assert "/openapi.json" in properties["DefinitionBody"]["paths"]
    assert not any("docs" in one["ResourcePath"] for one in properties["MethodSettings"])


def test_b14_a_firewall_bounds_what_one_address_asks_for(resources: dict[str, Any]) -> None:
    (rule,) = resources["Firewall"]["Properties"]["Rules"]
    limit = rule["Statement"]["RateBasedStatement"]
    assert (limit["Limit"], limit["AggregateKeyType"]) == (2_000, "IP")
    answer = rule["Action"]["Block"]["CustomResponse"]
    body = json.loads(resources["Firewall"]["Properties"]["CustomResponseBodies"][answer["CustomResponseBodyKey"]]["Content"])
    assert (answer["ResponseCode"], body["code"]) == (429, "throttled")
    assert "${RestAPI.Stage}" in resources["FirewallOfApi"]["Properties"]["ResourceArn"]["Fn::Sub"]


def test_c_tables_that_a_daily_run_writes_to_can_be_warm(resources: dict[str, Any]) -> None:
    warm = {name: one["Properties"]["WarmThroughput"] for name, one in resources.items() if "WarmThroughput" in one["Properties"]}
    wanted = {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 40_000}
    assert warm == {"AccountsTable": wanted, "LedgerTable": wanted}
