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
from chalicelib import __version__, config
from chalicelib.api import problems
from chalicelib.api.access import READ
from chalicelib.api.routing import ROUTES
from chalicelib.domain import errors
from chalicelib.domain.assigning import Obstacle
from chalicelib.domain.package import parse_match
from chalicelib.domain.schedule import FREQUENCIES, Schedule
from chalicelib.domain.warning import WarningCode
from chalicelib.storage.keys import TABLES
from tests.world.test_planted_faults import PLANTED
from tools import embedded, serve, template
from tools.bundle import ROOT
from tools.embedded import EmbeddedStack
from tools.template import LOCAL_STAGE, settings_from

PAGES = sorted(str(path.relative_to(ROOT)) for folder in (".", "docs", "docs/reference") for path in (ROOT / folder).glob("*.md"))
REFERENCE = ROOT / "docs" / "reference"
MAKEFILE = (ROOT / "Makefile").read_text()
README = (ROOT / "README.md").read_text()
ROUTES_PAGE, ERRORS_PAGE, VARIABLES_PAGE, FUNCTIONS_PAGE, COMMANDS_PAGE = (
    (REFERENCE / f"{name}.md").read_text() for name in ("routes", "errors", "variables", "functions", "commands")
)
SHOWN_CALLS = (README, *((REFERENCE / f"{name}.md").read_text() for name in ("calls", "csv")))  # each continues the one before
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
    """The variables: name -> the other cells, `empty` spelt as the empty string."""
    return {row[0]: ["" if cell == "empty" else cell for cell in row[1:]] for row in rows(VARIABLES_PAGE)}


def test_every_variable_is_in_the_reference() -> None:
    environment = Recorder()
    config.read_config(environment)
    settings = settings_from({}, stage="prod", year=2026)
    assert set(variables()) == environment.asked | set(template.environment(settings))


@pytest.mark.parametrize(("stage", "column"), [("prod", 0), (LOCAL_STAGE, 1)])
def test_the_reference_has_the_packaged_defaults(stage: str, column: int) -> None:
    defaults = settings_from({}, stage=stage, year=2026).variables
    assert {name: variables()[name][column] for name in defaults} == defaults


def test_the_reference_has_the_defaults_of_the_code() -> None:
    told = {name: cells[0] for name, cells in variables().items()}
    assert config.read_config(told) == config.read_config({})


def test_the_reference_has_the_port() -> None:
    assert f"`PORT` ({serve.DEFAULT_PORT})" in COMMANDS_PAGE


# Routes


def served() -> set[tuple[str, str]]:
    return {(method, path) for path, methods in app.app.routes.items() for method in methods}


def documented(text: str) -> set[tuple[str, str]]:
    """The routes that `text` names, as `GET PUT /path`; a query is no part of a route."""
    named = (re.fullmatch(rf"((?:(?:{METHODS}) )+)(/[^?\s]*)(\?\S*)?", code) for code in code_of(text))
    return {(method, found[2]) for found in named if found for method in found[1].split()}


def test_the_reference_lists_the_routes_that_there_are() -> None:
    assert documented(section(ROUTES_PAGE, "The routes")) == served()


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
    """Every error that the code makes, found in its source. An `Obstacle` with a code becomes a conflict."""
    for path in (ROOT / "chalicelib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            kind = getattr(errors, node.func.id, None)
            if inspect.isclass(kind) and issubclass(kind, errors.BillingError):
                given = [word.value for word in node.keywords if word.arg == "code"] or [ast.Constant(kind.code)]
                yield from (Raised(kind, str(code.value)) for code in given if isinstance(code, ast.Constant))
            elif node.func.id == Obstacle.__name__ and isinstance(code := [*node.args, None, None, None][2], ast.Constant):
                yield Raised(errors.Conflict, str(code.value))


def statuses() -> dict[str, str]:
    """Each code that callers may see, with its status."""
    given: dict[type[errors.BillingError], tuple[Any, ...]] = {
        errors.Invalid: ([],), errors.InvalidRows: ([errors.row_fault(2, "", "is odd")],),
        errors.NotOpen: (date(2031, 1, 1), date(2031, 1, 2)),
    }  # fmt: skip
    found = {one.code: str(problems.problem_response(one.kind(*given.get(one.kind, ("",)))).status_code) for one in raised()}
    unforeseen = problems.unforeseen("")
    return found | {json.loads(str(unforeseen.body))["code"]: str(unforeseen.status_code)}


def test_the_reference_has_every_error_code_with_its_status() -> None:
    assert {row[0]: row[1] for row in rows(section(ERRORS_PAGE, "Errors"))} == statuses()


def test_every_warning_is_in_the_reference_and_in_the_rules() -> None:
    known = set(get_args(WarningCode))
    told = {code for row in rows(section(ERRORS_PAGE, "Warnings")) for code in row[0].split(", ")}
    assert told == {row[0] for row in rows(section(RULES, "7. Warnings"))} == known


def test_errors_in_the_rules_have_the_status_they_are_answered_with() -> None:
    told = re.findall(r"`(\d{3}) (\w+)`", RULES)
    known = statuses()
    assert told
    assert [(known[code], code) for _, code in told] == told


# Commands and files


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_every_make_target_exists() -> None:
    code = "\n".join(code for page in PAGES for code in code_of((ROOT / page).read_text()))
    named = set(re.findall(r"(?<!install )\bmake ([a-z-]+)", code))
    assert {"demo", "serve", "test", "check", "package"} <= named <= make_targets()


def test_every_path_of_the_layout_exists_and_nothing_is_left_out() -> None:
    layout = section((ROOT / "docs" / "architecture.md").read_text(), "Layout")
    paths = {line.split()[0] for _, block in blocks(layout) for line in block.splitlines()}
    assert {path for path in paths if not (ROOT / path).exists()} == set()
    packages = {f"chalicelib/{path.parent.name}" for path in (ROOT / "chalicelib").glob("*/__init__.py")}
    assert packages <= paths


def anchors(text: str) -> set[str]:
    """What links to a page's headings are spelt like, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    links = [link.partition("#") for link in re.findall(r"\]\(([^)]+)\)", (ROOT / page).read_text()) if "://" not in link]
    files = [((ROOT / page).parent / path if path else ROOT / page, anchor) for path, _, anchor in links]
    assert [str(file) for file, anchor in files if not file.exists() or (anchor and anchor not in anchors(file.read_text()))] == []


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
    assert {name.replace("`", ""): int(seeds) for name, seeds in rows} == {name: one.seed + 1 for name, one in PLANTED.items()}


def releases() -> list[tuple[str, str]]:
    """The versions of the changelog with their dates, the newest first."""
    return re.findall(r"^## (\d+\.\d+\.\d+) - (20\d\d-\d\d-\d\d)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_the_service_has_the_newest_version_of_the_changelog() -> None:
    assert __version__ == releases()[0][0]
    assert json.loads((ROOT / "chalicelib" / "api" / "pages" / "openapi.json").read_text())["info"]["version"] == __version__


def test_the_versions_of_the_changelog_are_in_order() -> None:
    numbers = [tuple(map(int, version.split("."))) for version, _ in releases()]
    assert numbers == sorted(set(numbers), reverse=True)
    assert [day for _, day in releases()] == sorted((day for _, day in releases()), reverse=True)
    titles = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert titles == ["Unreleased", *(f"{version} - {day}" for version, day in releases())]


def test_the_index_has_each_decision_once_with_its_status() -> None:
    """What is missing needs a row under one of the index's headings: `| [TITLE](#ANCHOR) | in force |`."""
    text = (ROOT / "docs" / "decisions.md").read_text()
    titles = re.findall(r"^## (20\d\d-\d\d-\d\d: .*)$", text, re.MULTILINE)
    index = re.findall(r"^\| \[(.*?)\]\(#([\w-]+)\) \| (.*) \|$", text, re.MULTILINE)
    assert sorted(anchor for _, anchor, _ in index) == sorted(anchors("\n".join(f"## {title}" for title in titles)))
    assert sorted(title for title, _, _ in index) == sorted(title.partition(": ")[2] for title in titles)
    assert [status for _, _, status in index if not re.fullmatch(r"in force|(changed|replaced) by \[.*\]\(#20[\w-]+\)", status)] == []


def test_decisions_are_dated_and_short() -> None:
    entries = re.split(r"^## ", (ROOT / "docs" / "decisions.md").read_text(), flags=re.MULTILINE)[2:]
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
        "1. Words", "2. Money and dates", "3. Frequency and Frequency Match", "4. What a due date charges", "Price lists",
        "Terms of an assignment", "Proration", "Minimum Spend",
        "ConnexCS package", "Auto Decrement Credit", "Low balance", "Credits",
            "One-off charges and adjustments", "Free Minutes", "Replacement and transfer", "Minimum Days", "Deleting", "Closing a customer",
        "5. The daily evaluation",
        "6. Run Package", "7. Warnings", "8. History", "9. Statement", "The ledger in an order", "10. Exports", "11. Forecast", "12. Audit",
        "13. Reconciliation", "14. Finding things", "15. Events", "16. Imports", "17. Changes of many", "18. Notices",
    ]  # fmt: skip


def defined_names() -> set[str]:
    """What the product's modules define, as `folder/module.name` and `folder/module.Class.name`."""
    found = set()
    for path in (ROOT / "chalicelib").rglob("*.py"):
        module = path.relative_to(ROOT / "chalicelib").with_suffix("").as_posix()
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found.add(f"{module}.{node.name}")
            if isinstance(node, ast.ClassDef):
                found |= {f"{module}.{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
            if isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {f"{module}.{one.id}" for one in targets if isinstance(one, ast.Name)}
    return found


def test_each_section_of_the_rules_names_the_functions_that_implement_it() -> None:
    parts = re.split(r"^##+ (.*)$", RULES, flags=re.MULTILINE)
    named = {
        title: re.search(r"^In the code:\n(- .*?)\n(?:\n|\Z)", text, re.MULTILINE | re.DOTALL)
        for title, text in zip(parts[1::2], parts[2::2], strict=True)
    }
    assert [title for title, found in named.items() if found is None] == []
    functions = {name for found in named.values() if found for name in re.findall(r"`([\w/]+(?:\.\w+)+)`", found[1])}
    assert len(functions) > 80
    assert functions - defined_names() == set()


def examples() -> list[list[str]]:
    return [row for row in rows(section(RULES, "3. Frequency and Frequency Match")) if len(row) == 5]


EVERY_SO_MANY = [row for row in rows(section(RULES, "3. Frequency and Frequency Match")) if len(row) == 6]


@pytest.mark.parametrize(
    "row", [*EVERY_SO_MANY, *([name, "1", *more] for name, *more in examples())], ids=lambda row: " ".join(row[:4]),
)  # fmt: skip
def test_examples_of_the_rules_hold(row: list[str]) -> None:
    frequency = next(one for one in FREQUENCIES if one == row[0])
    given = [value.strip() for value in row[2].split(",") if value.strip()]
    match = parse_match(frequency, tuple(given if frequency == "weekly" else map(int, given)))
    start, until = date.fromisoformat(row[3]), date.fromisoformat(row[4])
    assert [day.isoformat() for day in Schedule(frequency, match, int(row[1]), start).dates(start, until)] == row[5].split()


def test_there_is_an_example_of_every_frequency() -> None:
    assert {row[0] for row in examples()} == set(FREQUENCIES)


# The calls that are shown, as `make serve` answers them


class Exchange(NamedTuple):
    """A curl command of a page and the answer that stands below it."""

    command: str
    status: int
    headers: dict[str, str]
    body: Any


def exchanges() -> list[Exchange]:
    """The curl commands that have an answer, in order."""
    pairs = [
        (shell, answer)
        for page in SHOWN_CALLS
        for (one, shell), (other, answer) in pairwise(blocks(page))
        if (one, other) == ("sh", "http")
    ]
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
    """The variables that the pages set in the reader's shell."""
    shell = "\n".join(content for page in SHOWN_CALLS for language, content in blocks(page) if language == "sh")
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
    """A stack of its own, configured as `make serve` does it: other tests' evaluations must not reach the dates of the pages."""
    with EmbeddedStack(enforce_iam=False) as stack:
        yield stack


@pytest.fixture(scope="module")
def answers(served_stack: EmbeddedStack) -> list[tuple[Exchange, httpx.Response]]:
    """The calls of the pages, made in their order, with their real answers."""
    shell = settings_of_the_shell() | {"BASE": served_stack.base_url}
    made = []
    with httpx.Client(timeout=60, trust_env=False) as client:
        for exchange in exchanges():
            response = client.send(curl(exchange.command, shell))
            made_package = re.match(r'\{"package_id": "(\w+)"', response.text)
            shell["PACKAGE"] = made_package[1] if made_package else shell["PACKAGE"]
            made.append((exchange, response))
    return made


def test_every_curl_command_that_is_shown_has_an_answer() -> None:
    commands = [[content for language, content in blocks(page) if language == "sh" and "curl " in content] for page in SHOWN_CALLS]
    assert len(exchanges()) == sum(map(len, commands))
    assert len(commands[0]) == 5
    assert all(commands)


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 200


def test_the_index_of_the_reference_names_each_of_its_pages() -> None:
    index = REFERENCE / "README.md"
    pages = set(REFERENCE.glob("*.md")) - {index}
    assert {row[0] for row in rows(index.read_text())} == {f"[{page.name}]({page.name})" for page in pages}


def test_every_make_command_of_the_reference_is_a_target_and_none_is_left_out() -> None:
    named = {match[1] for row in rows(COMMANDS_PAGE) if (match := re.match(r"make ([a-z-]+)", row[0]))}
    parts = set(re.findall(r"^check: (.*)$", MAKEFILE, re.MULTILINE)[0].split())
    assert named == make_targets() - parts - {"help"}


@pytest.mark.parametrize("number", range(len(exchanges())))
def test_calls_are_answered_as_the_pages_say(answers: list[tuple[Exchange, httpx.Response]], number: int) -> None:
    exchange, response = answers[number]
    assert (response.status_code, response.reason_phrase) == (exchange.status, httpx.codes.get_reason_phrase(exchange.status))
    assert differences(exchange.body, _read(response.headers["content-type"], response.text)) == []
    assert differences(exchange.headers, {name: response.headers.get(name, "") for name in exchange.headers}) == []


def test_the_reference_invokes_functions_and_gets_what_it_says(
    answers: list[tuple[Exchange, httpx.Response]], served_stack: EmbeddedStack
) -> None:
    found = blocks(FUNCTIONS_PAGE)
    program, told = next(content for name, content in found if name == "python"), next(content for name, content in found if name == "text")
    assert SERVED_URL in program
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(program.replace(SERVED_URL, served_stack.endpoint), "functions.md", "exec"), {})  # noqa: S102 - our own page
    assert printed.getvalue() == told


def test_the_reference_names_the_functions_as_they_are(served_stack: EmbeddedStack) -> None:
    deployed = {function["FunctionName"] for function in served_stack.client("lambda").list_functions()["Functions"]}
    named = {row[0] for row in rows(FUNCTIONS_PAGE)}
    assert len(named) == 2
    assert named <= deployed
    assert {name.removeprefix(f"{embedded.STACK}-") for name in named} <= {function.name for function in app.app.pure_lambda_functions} | {
        "evaluate_due_charges"
    }
