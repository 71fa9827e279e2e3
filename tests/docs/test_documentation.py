"""The documentation says what is so: its commands, answers, tables and examples are compared with the program."""

import ast
import contextlib
import csv
import inspect
import io
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from datetime import date
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import Any, NamedTuple, get_args

import httpx
import pytest

import app
from chalicelib import config
from chalicelib.api import problems
from chalicelib.api.access import READ
from chalicelib.api.routing import ROUTES
from chalicelib.domain import errors
from chalicelib.domain.package import parse_match
from chalicelib.domain.schedule import FREQUENCIES, due_dates
from chalicelib.domain.warning import WarningCode
from chalicelib.storage.keys import TABLES
from tests.world.test_planted_faults import MOST_SEEDS, PLANTED
from tools import embedded, serve, template
from tools.bundle import ROOT
from tools.embedded import EmbeddedStack
from tools.template import LOCAL_STAGE, settings_from

PAGES = ("README.md", "CHANGELOG.md", *(f"docs/{name}.md" for name in (
    "rules", "decisions", "architecture", "operations", "access", "testing", "mutation", "benchmarks", "console", "aws-behaviour",
)))  # fmt: skip
README = (ROOT / "README.md").read_text()
RULES = (ROOT / "docs" / "rules.md").read_text()
NOT_YET = "What it does not do yet"
METHODS = "GET|PUT|POST|PATCH|DELETE"
SERVED_URL = "http://127.0.0.1:8000"
EXPIRED = "..."


def section(text: str, title: str) -> str:
    """What stands below a heading, up to the next heading of the same or a higher level."""
    found = re.search(rf"^(#+) {re.escape(title)}$(.*?)(?=^#{{1,2}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[2]


def rows(text: str) -> list[list[str]]:
    """The rows of all tables in `text`, as cells without backticks; headings and rules left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in lines]
    headings = {n - 1 for n, row in enumerate(cells) if set("".join(row)) <= set("-")}
    return [row for n, row in enumerate(cells) if n not in headings and n - 1 not in headings]


def blocks(text: str) -> list[tuple[str, str]]:
    """The fenced blocks, in order: language and content."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def code_of(text: str) -> list[str]:
    """Everything written as code: blocks and spans."""
    return [content for _, content in blocks(text)] + re.findall(r"`([^`\n]+)`", text)


# Variables


class Recorder(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


def variables() -> dict[str, list[str]]:
    """The README's variables: name -> the other cells, `empty` spelt as the empty string."""
    return {row[0]: ["" if cell == "empty" else cell for cell in row[1:]] for row in rows(section(README, "Variables"))}


def test_every_variable_is_in_the_readme() -> None:
    environment = Recorder()
    config.read(environment)
    settings = settings_from({}, stage="prod", year=2026)
    assert set(variables()) == environment.asked | set(template.environment(settings))


@pytest.mark.parametrize(("stage", "column"), [("prod", 0), (LOCAL_STAGE, 1)])
def test_the_readme_has_the_packaged_defaults(stage: str, column: int) -> None:
    defaults = settings_from({}, stage=stage, year=2026).variables
    assert {name: variables()[name][column] for name in defaults} == defaults


def test_the_readme_has_the_defaults_of_the_code() -> None:
    told = {name: cells[0] for name, cells in variables().items()}
    assert config.read(told) == config.read({})


def test_the_readme_has_the_port() -> None:
    assert f"`PORT` ({serve.DEFAULT_PORT})" in README


# Routes


def served() -> set[tuple[str, str]]:
    return {(method, path) for path, methods in app.app.routes.items() for method in methods}


def documented(text: str) -> set[tuple[str, str]]:
    """The routes that `text` names, as `GET PUT /path`; a query is no part of a route."""
    named = (re.fullmatch(rf"((?:(?:{METHODS}) )+)(/[^?\s]*)(\?\S*)?", code) for code in code_of(text))
    return {(method, found[2]) for found in named if found for method in found[1].split()}


def test_the_readme_lists_the_routes_that_there_are() -> None:
    assert documented(section(README, "Routes")) == served()


@pytest.mark.parametrize("page", PAGES)
def test_no_page_names_a_route_that_there_is_not(page: str) -> None:
    assert documented((ROOT / page).read_text()) <= served()


def test_what_is_not_there_yet_is_not_there() -> None:
    """Paths, if there are any: what is missing may be of another kind."""
    paths = {code for code in code_of(section(README, NOT_YET)) if code.startswith("/")}
    assert paths.isdisjoint(path for _, path in served())


def test_d8_the_policy_for_looking_allows_what_billing_read_allows_and_nothing_else() -> None:
    (text,) = [code for language, code in blocks(section((ROOT / "docs" / "access.md").read_text(), "Policies")) if language == "json"]
    (statement,) = json.loads(text)["Statement"]
    patterns = [resource.partition(":API/api/")[2] for resource in statement["Resource"]]
    allowed = [route for route in ROUTES if any(fnmatchcase(f"{route.method}{route.path}", pattern) for pattern in patterns)]
    assert {route.scopes for route in allowed} == {(), (READ,)}
    assert all(route in allowed for route in ROUTES if route.scopes == (READ,))
    assert (statement["Effect"], statement["Action"]) == ("Allow", "execute-api:Invoke")


# Errors


class Raised(NamedTuple):
    """An error made somewhere in the code: the class, and the code if it is given there."""

    kind: type[errors.BillingError]
    code: str


def raised() -> Iterator[Raised]:
    """Every error that the code makes, found in its source."""
    for path in (ROOT / "chalicelib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            kind = getattr(errors, node.func.id, None) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None
            if isinstance(node, ast.Call) and inspect.isclass(kind) and issubclass(kind, errors.BillingError):
                given = [word.value.value for word in node.keywords if word.arg == "code" and isinstance(word.value, ast.Constant)]
                yield Raised(kind, *given or [kind.code])


def statuses() -> dict[str, str]:
    """Each code that callers may see, with its status."""
    given = {errors.Invalid: [], errors.InvalidRows: [errors.row_fault(2, "", "is odd")]}
    found = {one.code: str(problems.answer(one.kind(given.get(one.kind, ""))).status_code) for one in raised()}
    unforeseen = problems.unforeseen("")
    return found | {json.loads(str(unforeseen.body))["code"]: str(unforeseen.status_code)}


def test_the_readme_has_every_error_code_with_its_status() -> None:
    assert {row[0]: row[1] for row in rows(section(README, "Errors"))} == statuses()


def test_every_warning_is_in_the_readme_and_in_the_rules() -> None:
    known = set(get_args(WarningCode))
    told = {code for row in rows(section(README, "Warnings")) for code in row[0].split(", ")}
    assert told == {row[0] for row in rows(section(RULES, "7. Warnings"))} == known


def test_errors_in_the_rules_have_the_status_they_are_answered_with() -> None:
    told = re.findall(r"`(\d{3}) (\w+)`", RULES)
    assert told
    assert [(statuses()[code], code) for _, code in told] == told


# Commands and files


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = "\n".join(code for page in PAGES for code in code_of((ROOT / page).read_text()))
    named = set(re.findall(r"(?<!install )\bmake ([a-z-]+)", code))
    assert {"demo", "serve", "test", "check", "package"} <= named <= targets


def test_every_path_of_the_layout_exists_and_nothing_is_left_out() -> None:
    paths = {line.split()[0] for _, block in blocks(section(README, "Layout")) for line in block.splitlines()}
    assert {path for path in paths if not (ROOT / path).exists()} == set()
    packages = {f"chalicelib/{path.parent.name}" for path in (ROOT / "chalicelib").glob("*/__init__.py")}
    assert packages <= paths


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)", (ROOT / page).read_text())
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not ((ROOT / page).parent / link).exists()] == []


def test_every_difference_to_aws_has_a_source_and_a_test_that_is_there() -> None:
    listed = rows((ROOT / "docs" / "aws-behaviour.md").read_text())
    assert len(listed) > 30
    for behaviour, emulator, source, held_by in listed:
        assert min(len(behaviour), len(emulator)) > 3
        assert re.search(r"\]\(https://(docs\.aws\.amazon\.com|github\.com)/[^)]+\)", source), behaviour
        file, name = held_by.split("::")
        assert re.search(rf"^ *def {name}\b", (ROOT / file).read_text(), re.MULTILINE), held_by


def test_the_page_on_testing_names_every_planted_fault() -> None:
    rows = re.findall(r"^\| (.+) \| (\d+) \|$", (ROOT / "docs" / "testing.md").read_text(), re.MULTILINE)
    assert [name.replace("`", "") for name, _ in rows] == list(PLANTED)
    assert all(int(seeds) <= MOST_SEEDS for _, seeds in rows)


def test_decisions_are_dated_and_short() -> None:
    entries = re.split(r"^## ", (ROOT / "docs" / "decisions.md").read_text(), flags=re.MULTILINE)[1:]
    assert [entry.splitlines()[0] for entry in entries if not re.match(r"20\d\d-\d\d-\d\d: ", entry)] == []
    assert [entry.splitlines()[0] for entry in entries if len(entry.strip().splitlines()) > 10] == []


def test_the_architecture_names_every_table_and_index() -> None:
    code = set(code_of((ROOT / "docs" / "architecture.md").read_text()))
    indexes = {index["IndexName"] for table in TABLES.values() for index in table.get("GlobalSecondaryIndexes", [])}
    assert {name for name in set(TABLES) | indexes if name not in code} == set()


# Rules


def test_the_rules_have_the_sections_that_tests_name() -> None:
    titles = re.findall(r"^##+ (.*)$", RULES, re.MULTILINE)
    assert titles == [
        "1. Words", "2. Money and dates", "3. Frequency and Frequency Match", "4. What a due date charges", "Minimum Spend",
        "ConnexCS package", "Auto Decrement Credit", "Free Minutes", "Minimum Days", "Deleting", "5. The daily evaluation",
        "6. Run Package", "7. Warnings",
    ]  # fmt: skip


def examples() -> list[list[str]]:
    return [row for row in rows(section(RULES, "3. Frequency and Frequency Match")) if len(row) == 5]


@pytest.mark.parametrize("row", examples(), ids=lambda row: " ".join(row[:3]))
def test_examples_of_the_rules_hold(row: list[str]) -> None:
    frequency = next(one for one in FREQUENCIES if one == row[0])
    given = [value.strip() for value in row[1].split(",") if value.strip()]
    match = parse_match(frequency, tuple(given if frequency == "weekly" else map(int, given)))
    start, until = date.fromisoformat(row[2]), date.fromisoformat(row[3])
    assert [day.isoformat() for day in due_dates(frequency, match, start, start, until)] == row[4].split()


def test_there_is_an_example_of_every_frequency() -> None:
    assert {row[0] for row in examples()} == set(FREQUENCIES)


# The README's calls, as `make serve` answers them


class Exchange(NamedTuple):
    """A curl command of the README and the answer that stands below it."""

    command: str
    status: int
    headers: dict[str, str]
    body: Any


def exchanges() -> list[Exchange]:
    """The curl commands that have an answer, in order."""
    found = blocks(README)
    pairs = [(shell, answer) for (one, shell), (other, answer) in pairwise(found) if (one, other) == ("sh", "http")]
    return [_exchange(shell, answer) for shell, answer in pairs]


def _exchange(shell: str, answer: str) -> Exchange:
    head, _, body = answer.partition("\n\n")
    first, *lines = head.splitlines()
    headers = dict(line.split(": ", 1) for line in lines)
    return Exchange(shell, int(first.split()[1]), headers, _read(headers.get("Content-Type", ""), body))


def _read(media_type: str, body: str) -> Any:
    """What an answer says: JSON's values, or the rows of CSV."""
    return list(csv.DictReader(io.StringIO(body))) if media_type.startswith("text/csv") else json.loads(body)


def settings_of_the_shell() -> dict[str, str]:
    """The variables that the README sets in the reader's shell."""
    shell = "\n".join(content for language, content in blocks(README) if language == "sh")
    return {name: " ".join(shlex.split(value)) for name, value in re.findall(r"^([A-Z]+)=(.*)$", shell, re.MULTILINE)}


def curl(command: str, shell: Mapping[str, str]) -> httpx.Request:
    """The request that curl would make. Fails for options that are not known here."""
    expanded = re.sub(r"\$([A-Z]+)", lambda found: shell[found[1]], command.replace("\\\n", " "))
    words = iter(shlex.split(expanded)[1:])
    url, method, headers, data = "", None, {}, None
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, value = next(words).split(": ", 1)
            headers[name] = value
        elif word == "-d":
            data = next(words)
        elif word != "-si":
            assert not word.startswith("-"), word
            url = word
    return httpx.Request(method or ("POST" if data else "GET"), url, headers=headers, content=data)


def plain(value: Any) -> Any:
    """The value without what differs from machine to machine: ids in it, and moments."""
    if isinstance(value, str):
        return re.sub(r"[0-9A-HJKMNP-TV-Z]{26}", EXPIRED, re.sub(r"\d{4}-\d\d-\d\dT\S+", EXPIRED, value))
    return value


def differences(told: Any, real: Any, where: str = "") -> list[str]:
    """Where the told value, which may leave fields out, is not the real one."""
    if isinstance(told, dict) and isinstance(real, dict):
        return [line for name in told for line in differences(told[name], real.get(name, "no such field"), f"{where}/{name}")]
    if isinstance(told, list) and isinstance(real, list) and len(told) == len(real):
        return [line for n, (one, other) in enumerate(zip(told, real, strict=True)) for line in differences(one, other, f"{where}/{n}")]
    return [] if plain(told) == plain(real) else [f"{where}: {told} is {real}"]


@pytest.fixture(scope="module")
def served_stack() -> Iterator[EmbeddedStack]:
    """A stack of its own, configured as `make serve` does it: other tests' evaluations must not reach the README's dates."""
    with EmbeddedStack(enforce_iam=False) as stack:
        yield stack


@pytest.fixture(scope="module")
def answers(served_stack: EmbeddedStack) -> list[tuple[Exchange, httpx.Response]]:
    """The README's calls, made in its order, with their real answers."""
    shell = settings_of_the_shell() | {"BASE": served_stack.base_url}
    made = []
    with httpx.Client(timeout=60, trust_env=False) as client:
        for exchange in exchanges():
            response = client.send(curl(exchange.command, shell))
            made_package = re.match(r'\{"package_id": "(\w+)"', response.text)
            shell["PACKAGE"] = made_package[1] if made_package else shell["PACKAGE"]
            made.append((exchange, response))
    return made


def test_the_readme_shows_calls_and_every_curl_command_has_an_answer() -> None:
    commands = [content for language, content in blocks(README) if language == "sh" and "curl " in content]
    assert len(exchanges()) == len(commands) >= 5


@pytest.mark.parametrize("number", range(len(exchanges())))
def test_calls_of_the_readme_are_answered_as_it_says(answers: list[tuple[Exchange, httpx.Response]], number: int) -> None:
    exchange, response = answers[number]
    assert (response.status_code, response.reason_phrase) == (exchange.status, httpx.codes.get_reason_phrase(exchange.status))
    assert differences(exchange.body, _read(response.headers["content-type"], response.text)) == []
    assert differences(exchange.headers, {name: response.headers.get(name, "") for name in exchange.headers}) == []


def test_the_readme_invokes_functions_and_gets_what_it_says(
    answers: list[tuple[Exchange, httpx.Response]], served_stack: EmbeddedStack
) -> None:
    found = blocks(section(README, "Invoking the functions"))
    program, told = next(content for name, content in found if name == "python"), next(content for name, content in found if name == "text")
    assert SERVED_URL in program
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(program.replace(SERVED_URL, served_stack.endpoint), "README.md", "exec"), {})  # noqa: S102 - our own page
    assert printed.getvalue() == told


def test_the_readme_names_the_functions_as_they_are(served_stack: EmbeddedStack) -> None:
    deployed = {function["FunctionName"] for function in served_stack.client("lambda").list_functions()["Functions"]}
    named = {row[0] for row in rows(section(README, "Invoking the functions"))}
    assert len(named) == 2
    assert named <= deployed
    assert {name.removeprefix(f"{embedded.STACK}-") for name in named} <= {function.name for function in app.app.pure_lambda_functions} | {
        "evaluate_due_charges"
    }
