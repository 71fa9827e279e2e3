"""`AUTH_MODE=jwt`: a person signs in at the issuer, and comes back to where they were with what they had typed."""

import re
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.auth.local_issuer import AUDIENCE
from tests.browser.conftest import Visit
from tests.browser.sign_in import CLIENT_ID, SignInIssuer
from tests.conftest import client_of
from tools.embedded import EmbeddedStack


@pytest.fixture(scope="module")
def running_issuer() -> Iterator[SignInIssuer]:
    with SignInIssuer() as running:
        yield running


@pytest.fixture
def issuer(running_issuer: SignInIssuer) -> SignInIssuer:
    """The issuer as it was made."""
    running_issuer.scopes, running_issuer.seconds, running_issuer.refuses = "openid billing:read billing:write billing:charge", 3600, False
    running_issuer.audience, running_issuer.like_cognito, running_issuer.roles = AUDIENCE, False, []
    return running_issuer


@pytest.fixture(scope="module")
def stack(running_issuer: SignInIssuer) -> Iterator[EmbeddedStack]:
    variables = {"AUTH_MODE": "jwt", "AUTH_ISSUER": running_issuer.url, "AUTH_AUDIENCE": AUDIENCE, "AUTH_CLIENT_ID": CLIENT_ID}
    with EmbeddedStack(env=variables) as running:
        yield running


@pytest.fixture(scope="module")
def api(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    with client_of(stack) as client:
        yield client


def sign_in(page: Page) -> None:
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Sign in as Ada").click()
    expect(page.get_by_text("Ada Lovelace")).to_be_visible()


def test_signing_in_leads_back_to_the_page_that_was_asked_for(visit: Visit, issuer: SignInIssuer) -> None:
    page = visit.open("customers/new")
    sign_in(page)
    expect(page.get_by_role("heading", name="New customer")).to_be_visible()
    assert page.url == f"{visit.url}/console#/customers/new"
    page.get_by_label("Customer id").fill("signed-in")
    page.get_by_role("button", name="Create customer").click()
    expect(page.get_by_role("heading", name="signed-in")).to_be_visible()
    assert "billing:charge" in issuer.signed_in[-1]
    page.reload()
    expect(page.get_by_text("Ada Lovelace")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Signed out")).to_be_visible()
    visit.open("packages")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_an_expired_session_is_renewed_and_what_was_typed_is_still_there(visit: Visit, issuer: SignInIssuer) -> None:
    issuer.seconds = 17
    page = visit.open("packages/new")
    sign_in(page)
    page.get_by_label("Name", exact=True).fill("Typed before")
    page.get_by_label("Retail", exact=True).fill("12.50")
    before, issuer.seconds = len(issuer.signed_in), 3600
    time.sleep(4)
    with page.expect_navigation():  # to the issuer, which knows Ada, and back
        page.get_by_role("button", name="Create package").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Typed before")
    expect(page.get_by_label("Retail", exact=True)).to_have_value("12.50")
    deadline = time.monotonic() + 30
    while len(issuer.signed_in) == before and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert len(issuer.signed_in) == before + 1
    page.get_by_role("button", name="Create package").click()
    expect(page.get_by_role("heading", name="Typed before")).to_be_visible()
    keys = {request.headers["idempotency-key"] for request in visit.posts("/packages")}
    assert len(keys) == 1


def test_what_the_scopes_do_not_allow_is_disabled_and_says_why(visit: Visit, issuer: SignInIssuer) -> None:
    issuer.scopes = "openid billing:read"
    page = visit.open("packages")
    sign_in(page)
    button = page.get_by_role("button", name="New package")
    expect(button).to_be_disabled()
    expect(button).to_have_accessible_description("Your sign-in lacks the scope billing:write.")
    expect(page.get_by_text("Your sign-in lacks the scope billing:write.").first).to_be_visible()


def test_what_the_role_does_not_allow_is_disabled_and_says_why(visiting: Callable[..., Visit], issuer: SignInIssuer) -> None:
    """The issuer gives every scope that is asked for, to everybody: the roles in the token say which of them count."""
    issuer.roles = ["clerks", "choir"]
    variables = {
        "AUTH_MODE": "jwt", "AUTH_ISSUER": issuer.url, "AUTH_AUDIENCE": AUDIENCE, "AUTH_CLIENT_ID": CLIENT_ID,
        "AUTH_ROLES_CLAIM": "groups", "AUTH_ROLES": "clerks=billing:read billing:write, owners=billing:charge",
    }  # fmt: skip
    with EmbeddedStack(env=variables) as roled, client_of(roled) as client:
        assert client.get("/console/settings.json").json()["roles"]["clerks"] == ["billing:read", "billing:write"]
        visit = visiting()
        visit.url = roled.base_url
        page = visit.open("customers/new")
        sign_in(page)
        page.get_by_label("Customer id").fill("clerk")
        page.get_by_role("button", name="Create customer").click()
        page.get_by_text("More", exact=True).click()
        for name in ("Record payment…", "One-off charge…", "Adjustment…"):
            button = page.get_by_role("button", name=name)
            expect(button).to_be_disabled()
            expect(button).to_have_accessible_description("Your role does not allow this; it lacks billing:charge.")
        expect(page.get_by_role("link", name="Assign a package").first).to_be_visible()


def test_d4_a_change_that_needs_the_scope_for_charging_is_refused_and_says_so(visit: Visit, issuer: SignInIssuer) -> None:
    issuer.scopes = "openid billing:read billing:write"
    page = visit.open("customers/new")
    sign_in(page)
    page.get_by_label("Customer id").fill("limited")
    page.get_by_label("Debit limit").fill("10")
    page.get_by_role("button", name="Create customer").click()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Debit limit").fill("20")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("lets more be charged: the token lacks the scope billing:charge")
    expect(page.get_by_label("Debit limit")).to_have_value("20")


def test_b9_signing_out_of_cognito_leads_back_to_the_console(visit: Visit, issuer: SignInIssuer) -> None:
    issuer.like_cognito = True
    page = visit.open("packages")
    sign_in(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.url.startswith(f"{visit.url}/console")


def test_a_request_under_way_does_not_sign_in_again_whoever_signs_out(visit: Visit, issuer: SignInIssuer) -> None:
    issuer.like_cognito = True
    page = visit.open("packages")
    sign_in(page)
    waiting: list[Route] = []

    def wait(route: Route) -> None:
        waiting.append(route)

    page.route("**/.well-known/openid-configuration", wait)
    page.get_by_role("button", name="Sign out").click()
    with page.expect_response(lambda answer: answer.status == 401):
        page.get_by_role("link", name="Customers").click()
    page.wait_for_timeout(200)
    for route in waiting:
        route.continue_()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.url.startswith(f"{visit.url}/console")


def test_b9_the_console_asks_for_the_scopes_that_it_is_told(visiting: Callable[..., Visit], issuer: SignInIssuer) -> None:
    """The token's answer does not repeat them: they are those that were asked for."""
    issuer.like_cognito = True
    variables = {
        "AUTH_MODE": "jwt", "AUTH_ISSUER": issuer.url, "AUTH_AUDIENCE": AUDIENCE, "AUTH_CLIENT_ID": CLIENT_ID,
        "AUTH_CLIENT_SCOPES": "openid billing:read",
    }  # fmt: skip
    with EmbeddedStack(env=variables) as narrow:
        visit = visiting()
        visit.url = narrow.base_url
        page = visit.open("packages")
        sign_in(page)
        assert issuer.signed_in[-1] == "openid billing:read"
        expect(page.get_by_role("button", name="New package")).to_be_disabled()


def test_d13_the_issuer_needs_one_address_of_the_console(visit: Visit, issuer: SignInIssuer) -> None:
    page = visit.page
    page.goto(f"{visit.url}/console/#/customers/new")
    sign_in(page)
    expect(page.get_by_role("heading", name="New customer")).to_be_visible()
    assert page.url == f"{visit.url}/console#/customers/new"


def test_a_refusal_of_the_issuer_is_told(visit: Visit, issuer: SignInIssuer) -> None:
    issuer.refuses = True
    page = visit.open("packages")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Sign in as Ada").click()
    expect(page.get_by_role("alert")).to_contain_text("Ask your administrator")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_token_that_the_service_refuses_is_told_and_not_asked_for_again(visit: Visit, issuer: SignInIssuer) -> None:
    before, issuer.audience = len(issuer.signed_in), "another"
    page = visit.open("packages")
    sign_in(page)
    expect(page.get_by_text("the token is for another audience").first).to_be_visible()
    assert len(issuer.signed_in) == before + 1


def test_the_page_may_talk_to_the_issuer_and_the_bucket_and_nobody_else(
    stack: EmbeddedStack, api: httpx.Client, issuer: SignInIssuer
) -> None:
    policy = api.get("/console").headers["content-security-policy"]
    assert re.findall(r"connect-src ([^;]+)", policy) == [f"'self' {issuer.url} http://127.0.0.1:{stack.ports['inner']}"]
    settings = api.get("/console/settings.json").json()
    told = {"issuer": issuer.url, "client_id": CLIENT_ID, "audience": AUDIENCE, "scope_prefix": "", "roles_claim": "", "roles": {}}
    told |= {"scopes": "openid billing:read billing:write billing:charge"}
    assert {name: settings[name] for name in told} == told
