"""The headers that every answer has: of every route in every form, of refusals, and of the gateway itself."""

import re

import botocore.session
import pytest

from chalicelib import config, deployment
from chalicelib.api.routing import ROUTES
from chalicelib.console import pages
from tests.aws import gateway
from tests.aws.conftest import World
from tests.aws.gateway import Event
from tests.aws.test_events import REQUESTS, sent
from tools.gateway import gateway_responses

STATIC = {"GET /openapi.json", "GET /docs", "GET /docs/{file}", "GET /console", "GET /console/{version}/{name}"}
"""What is the same for everybody and changes only with a release: browsers may keep it, or ask by its ETag."""
PROBLEMS = {
    404: ("GET", "/runs/{run_id}", {"run_id": "none"}, None),
    400: ("POST", "/packages", {}, "{"),
    409: ("POST", "/runs/{run_id}/reversal", {"run_id": "daily:2024-03-01"}, None),
    412: ("DELETE", "/packages/{package_id}", {"package_id": "line"}, None),
    413: ("POST", "/packages", {}, " " * 300_000 + "{}"),
    415: ("POST", "/packages", {}, "name=x"),
    422: ("POST", "/packages", {}, "{}"),
}
SENT = {412: {"If-Match": '"7"'}, 415: {"Content-Type": "application/x-www-form-urlencoded"}}
JSON = {"Content-Type": "application/json"}


def demand_guarded(answer: Event, *, kept: bool = False) -> None:
    """What the answer must say to browsers and to whatever keeps answers on the way; `kept` ones may be kept."""
    headers = answer["headers"]
    assert headers["Cache-Control"] in (("no-cache", "public, max-age=31536000, immutable") if kept else ("no-store",))
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert re.fullmatch(r"max-age=\d{8}", headers["Strict-Transport-Security"])
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert policy["frame-ancestors"] == policy["default-src"] == "'none'"
    assert len(policy) == headers["Content-Security-Policy"].count(";") + 1


@pytest.mark.parametrize("row", REQUESTS)
def test_d10_every_route(row: str, world: World) -> None:
    answer = gateway.answered(sent(world, row))
    assert answer["statusCode"] == REQUESTS[row].status
    demand_guarded(answer, kept=row in STATIC)


@pytest.mark.parametrize(("row", "form"), [(f"{route.method} {route.path}", form) for route in ROUTES for form in route.forms])
def test_d10_every_form(row: str, form: str, world: World) -> None:
    event = sent(world, row)
    event["headers"]["Accept"] = form
    answer = gateway.answered(event)
    found = REQUESTS[row].status < 400  # where this world has nothing of the kind, the answer is a problem
    assert answer["headers"]["Content-Type"].startswith(form if found else "application/problem+json")
    demand_guarded(answer)


@pytest.mark.parametrize("status", PROBLEMS)
def test_d10_every_problem(status: int, world: World) -> None:
    method, route, params, body = PROBLEMS[status]
    answer = world.ask(method, route, params, body=body, headers=SENT.get(status, JSON))
    assert answer["statusCode"] == status, answer
    demand_guarded(answer)


def test_d10_a_file_of_the_console_that_is_not_there(world: World) -> None:
    demand_guarded(world.ask("GET", "/console/{version}/{name}", {"version": "old", "name": "main.js"}))


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_links_lead_to_the_buckets_own_region(monkeypatch: pytest.MonkeyPatch, region: str) -> None:
    """And the console's page may put files there."""
    host = "stack-results.s3.amazonaws.com" if region == "us-east-1" else f"stack-results.s3.{region}.amazonaws.com"
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name, value in {"AWS_DEFAULT_REGION": region, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(deployment, "configuration", lambda: config.read_config()._replace(results_bucket="stack-results"))
    monkeypatch.setattr(deployment, "_session", botocore.session.get_session)
    caches = (deployment.objects, pages.upload_origins)
    for cached in caches:
        cached.cache_clear()
    try:
        link = deployment.objects().upload_link("imports/one")
        assert link.startswith(f"https://{host}/imports/one?X-Amz-Algorithm=AWS4-HMAC-SHA256")
        assert pages.upload_origins() == [f"https://{host}"]
    finally:
        for cached in caches:
            cached.cache_clear()


def test_d10_a_caller_without_a_token(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_MODE", "jwt")
    deployment.configuration.cache_clear()
    monkeypatch.setenv("AUTH_ISSUER", "https://issuer.example")
    monkeypatch.setenv("AUTH_AUDIENCE", "billing")
    answer = world.ask("GET", "/packages")
    assert (answer["statusCode"], answer["headers"]["WWW-Authenticate"][:6]) == (401, "Bearer")
    demand_guarded(answer)


def test_d10_a_defect(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(_: object, __: object) -> None:
        raise ZeroDivisionError

    world.stage.store.hook = defect
    answer = world.ask("GET", "/packages")
    assert answer["statusCode"] == 500
    demand_guarded(answer)


def test_d10_what_chalice_answers_by_itself(world: World) -> None:
    answer = world.ask("TRACE", "/packages")
    assert answer["statusCode"] == 405
    demand_guarded(answer)


@pytest.mark.parametrize("mode", ["iam", "jwt"])
def test_d10_the_gateways_own_answers(mode: str) -> None:
    """Its values stand in single quotes, and no documentation says how such a quote is written within: an empty list is `'none'`."""
    answers = gateway_responses(mode)
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED"} < answers.keys()
    for kind, answer in answers.items():
        given = {name.removeprefix("gatewayresponse.header."): value for name, value in answer["responseParameters"].items()}
        assert all(re.fullmatch(r"'[^']+'", value) for value in given.values()), kind
        headers = {name: value.strip("'") for name, value in given.items()}
        assert headers["Content-Security-Policy"] == "default-src; frame-ancestors"
        demand_guarded({"headers": headers | {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}})
