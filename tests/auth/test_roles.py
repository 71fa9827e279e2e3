"""`AUTH_ROLES_CLAIM` and `AUTH_ROLES`: what a token is granted, each cell of the table in docs/access.md."""

from typing import Any

import pytest

from chalicelib.api import access
from chalicelib.api.issuer import Issuer
from chalicelib.api.tokens import Verifier
from tests.auth.local_issuer import AUDIENCE, CHARGE, EVERYTHING, READ, WRITE, LocalIssuer
from tools.template import SettingsError, settings_from

TABLE = f"billing-admins={READ} {WRITE} {CHARGE}, clerks={READ} {WRITE}"
PROGRAM: dict[str, Any] = {"aud": None, "sub": AUDIENCE, "client_id": AUDIENCE, "token_use": "access"}
PERSON = PROGRAM | {"sub": "5f7c8ec7"}


def granted(issuer: LocalIssuer, claim: str, table: str = "", prefix: str = "", **claims: Any) -> frozenset[str]:
    checked = Verifier(Issuer(issuer.url), frozenset({AUDIENCE}), prefix, claim, access.roles(table))
    return checked.caller(f"Bearer {issuer.token(**claims)}").scopes


def spelled(value: Any) -> str:
    """An id of a test that is the same in every process: a set's order is not."""
    return str(sorted(value) if isinstance(value, set) else value)


@pytest.mark.parametrize("scope", [None, "openid", READ, EVERYTHING], ids=["no scope", "other scopes", "one scope", "every scope"])
@pytest.mark.parametrize(
    ("value", "named"),
    [
        (None, set()), ([], set()), ("", set()), ([READ], {READ}), ([READ, WRITE], {READ, WRITE}), (f"{READ} {CHARGE}", {READ, CHARGE}),
        (["staff", CHARGE], {CHARGE}), (["staff"], set()), ([f"{READ} {WRITE}"], set()), ([READ.upper()], set()), ({READ: True}, set()),
        (7, set()), ([7, None, READ], {READ}), (True, set()),
    ],
    ids=spelled,
)  # fmt: skip
def test_d3_a_scope_counts_only_if_the_claim_names_it(issuer: LocalIssuer, value: Any, named: set[str], scope: str | None) -> None:
    asked = set((scope or "").split()) & set(access.SCOPES)
    assert granted(issuer, "roles", scope=scope, roles=value) == (named & asked if asked else named)


def test_d3_without_the_variable_scopes_count_alone(issuer: LocalIssuer) -> None:
    assert granted(issuer, "", scope=READ, roles=[WRITE], permissions=[CHARGE]) == {READ}
    assert granted(issuer, "", scope=None, roles=[WRITE], permissions=[CHARGE]) == set()


def test_d3_the_claim_of_another_name_is_not_read(issuer: LocalIssuer) -> None:
    assert granted(issuer, "permissions", scope=READ, roles=[READ]) == set()


def test_d3_scopes_keep_their_prefix_and_roles_have_none(issuer: LocalIssuer) -> None:
    scope = f"packages/{READ} packages/{WRITE}"
    assert granted(issuer, "roles", prefix="packages/", scope=scope, roles=[READ, f"packages/{WRITE}"]) == {READ}


@pytest.mark.parametrize(
    ("groups", "named"),
    [
        (["clerks"], {READ, WRITE}), (["billing-admins"], {READ, WRITE, CHARGE}), (["clerks", "billing-admins"], {READ, WRITE, CHARGE}),
        (["others"], set()), ([READ], set()), (None, set()),
    ],
    ids=spelled,
)  # fmt: skip
@pytest.mark.parametrize("scope", [READ, EVERYTHING, "openid"])
def test_b9_groups_grant_by_the_table(issuer: LocalIssuer, groups: list[str] | None, named: set[str], scope: str) -> None:
    claims: dict[str, Any] = PERSON | {"cognito:groups": groups, "scope": scope}
    asked = set(scope.split()) & set(access.SCOPES)
    assert granted(issuer, "cognito:groups", TABLE, **claims) == (named & asked if asked else named)


def test_b9_a_program_of_cognito_which_can_have_no_groups_has_its_scopes(issuer: LocalIssuer) -> None:
    assert granted(issuer, "cognito:groups", TABLE, **PROGRAM, scope=CHARGE) == {CHARGE}
    assert granted(issuer, "cognito:groups", TABLE, **PROGRAM, scope=None) == set()
    grouped: dict[str, Any] = {**PROGRAM, "cognito:groups": ["clerks"]}
    assert granted(issuer, "cognito:groups", TABLE, **grouped, scope=EVERYTHING) == {READ, WRITE}
    person_like: dict[str, Any] = {**PROGRAM, "username": "eve"}
    assert granted(issuer, "cognito:groups", TABLE, **person_like, scope=EVERYTHING) == set()
    elsewhere: dict[str, Any] = {"sub": AUDIENCE, "client_id": AUDIENCE, "azp": AUDIENCE}
    assert granted(issuer, "roles", **elsewhere, scope=EVERYTHING) == set()


@pytest.mark.parametrize(
    ("claim", "table"),
    [
        ("", TABLE), ("cognito groups", ""), ("roles", "clerks"), ("roles", "clerks="), ("roles", "=billing:read"),
        ("roles", "a=billing:all"),
        ("roles", f"a={READ}, a={WRITE}"), ("roles", f"a b={READ}"), ("roles", ","),
    ],
)  # fmt: skip
def test_b9_a_table_that_says_nothing_is_refused_when_packaging(claim: str, table: str) -> None:
    good = {"AUTH_MODE": "jwt", "AUTH_ISSUER": "https://issuer.example", "AUTH_AUDIENCE": AUDIENCE}
    with pytest.raises(SettingsError, match="AUTH_ROLES"):
        settings_from(good | {"AUTH_ROLES_CLAIM": claim, "AUTH_ROLES": table}, stage="prod", year=2026)


def test_b9_the_variables_reach_the_functions() -> None:
    given = {"AUTH_ROLES_CLAIM": "cognito:groups", "AUTH_ROLES": TABLE, "AUTH_CLIENT_SCOPES": "openid billing:read"}
    good = {"AUTH_MODE": "jwt", "AUTH_ISSUER": "https://issuer.example", "AUTH_AUDIENCE": AUDIENCE} | given
    variables = settings_from(good, stage="prod", year=2026).variables
    assert {name: variables[name] for name in given} == given
