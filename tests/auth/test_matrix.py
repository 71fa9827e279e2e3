"""Every route with every kind of token, over the deployed API. What must come out is told here, not looked up in the code.

The table below is read from the documentation's words: `billing:read` for every GET and simulated runs, `billing:write` for
packages, customers, assignments and usage, `billing:charge` for what moves money. A route that it lacks fails a test.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx
import pytest

import app
from chalicelib.api.routing import ROUTES
from tests.auth.conftest import TOLD
from tests.auth.local_issuer import AUDIENCE, CHARGE, EVERYTHING, READ, WRITE, Key, LocalIssuer, encoded, hmac_signed, signed, unsigned

OPEN = ""
PACKAGE, CUSTOMER = "/packages/{package_id}", "/customers/{customer_id}"
ASSIGNMENT = CUSTOMER + "/assignments/{assignment_id}"
SCOPES = {
    "GET /health": OPEN,
    "GET /openapi.json": OPEN,
    "GET /docs": OPEN,
    "GET /docs/{file}": OPEN,
    "GET /console": OPEN,
    "GET /console/settings.json": OPEN,
    "GET /console/{version}/{name}": OPEN,
    "GET /schedule": READ,
    "GET /packages": READ,
    f"GET {PACKAGE}": READ,
    f"GET {PACKAGE}/schedule": READ,
    f"GET {PACKAGE}/history": READ,
    f"GET {PACKAGE}/prices": READ,
    f"GET {PACKAGE}/assignments": READ,
    "GET /customers": READ,
    f"GET {CUSTOMER}": READ,
    f"GET {CUSTOMER}/ledger": READ,
    f"GET {CUSTOMER}/history": READ,
    f"GET {CUSTOMER}/statement": READ,
    f"GET {CUSTOMER}/features": READ,
    f"GET {CUSTOMER}/assignments": READ,
    f"GET {ASSIGNMENT}": READ,
    f"GET {ASSIGNMENT}/terms": READ,
    f"GET {CUSTOMER}/usage": READ,
    f"GET {CUSTOMER}/minutes": READ,
    "GET /dids": READ,
    "GET /dids/{did}/assignments": READ,
    "GET /held": READ,
    "GET /assignments": READ,
    "GET /work": READ,
    "GET /work/{work_id}": READ,
    "DELETE /work/{work_id}": READ,
    "POST /exports": READ,
    "GET /exports/{work_id}": READ,
    "POST /audits": READ,
    "GET /audits/{work_id}": READ,
    "GET /audits/{work_id}/findings": READ,
    "POST /changes": READ,
    "GET /changes/{work_id}": READ,
    "GET /changes/{work_id}/items": READ,
    "POST /reconciliations": READ,
    "POST /imports": WRITE,
    "POST /imports/{import_id}/check": READ,
    "POST /imports/{import_id}/application": WRITE,
    "POST /imports/{import_id}/retry": WRITE,
    "POST /imports/{import_id}/undo": WRITE,
    "GET /imports/{import_id}": READ,
    "GET /imports/{import_id}/rows": READ,
    "GET /reconciliations/{work_id}": READ,
    "GET /reconciliations/{work_id}/discrepancies": READ,
    "GET /settings": READ,
    "GET /overview": READ,
    f"GET {CUSTOMER}/outlook": READ,
    "GET /overview/customers": READ,
    "GET /overview/ending": READ,
    "GET /overview/packages": READ,
    "GET /overview/prices": READ,
    "GET /forecasts/{work_id}": READ,
    "GET /forecasts/{work_id}/customers": READ,
    "GET /forecasts/{work_id}/short": READ,
    "GET /runs": READ,
    "GET /runs/simulations/{work_id}": READ,
    "GET /runs/simulations/{work_id}/customers": READ,
    "GET /runs/simulations/{work_id}/lines": READ,
    "GET /runs/{run_id}": READ,
    "GET /runs/{run_id}/lines": READ,
    "POST /packages": WRITE,
    "POST /packages/import": WRITE,
    "POST /packages/import/check": READ,
    "POST /customers/import": WRITE,
    "POST /customers/import/check": READ,
    "POST /assignments/import": WRITE,
    "POST /assignments/import/check": READ,
    f"PUT {PACKAGE}": WRITE,
    f"PATCH {PACKAGE}": WRITE,
    f"DELETE {PACKAGE}": WRITE,
    f"PUT {PACKAGE}/prices/{{from}}": WRITE,
    f"DELETE {PACKAGE}/prices/{{from}}": WRITE,
    f"PUT {CUSTOMER}": WRITE,
    f"PATCH {CUSTOMER}": WRITE,
    f"DELETE {CUSTOMER}": WRITE,
    f"POST {CUSTOMER}/assignments": WRITE,
    f"PATCH {ASSIGNMENT}": WRITE,
    f"DELETE {ASSIGNMENT}": WRITE,
    f"POST {ASSIGNMENT}/replacement": WRITE,
    f"POST {CUSTOMER}/closing": WRITE,
    "POST /dids/{did}/transfer": WRITE,
    "POST /reindex": WRITE,
    "POST /events/replay": WRITE,
    "POST /changes/{work_id}/application": WRITE,
    "POST /changes/{work_id}/undo": WRITE,
    f"PUT {ASSIGNMENT}/terms/{{from}}": WRITE,
    f"DELETE {ASSIGNMENT}/terms/{{from}}": WRITE,
    f"POST {CUSTOMER}/usage": WRITE,
    f"POST {CUSTOMER}/payments": CHARGE,
    f"POST {CUSTOMER}/adjustments": CHARGE,
    f"POST {CUSTOMER}/charges": CHARGE,
    f"POST {CUSTOMER}/ledger/{{entry_id}}/credit": CHARGE,
    f"POST {CUSTOMER}/unpark": CHARGE,
    "POST /held/{entry_id}/cancellation": CHARGE,
    "POST /held/{entry_id}/attempt": CHARGE,
    "POST /runs simulated": READ,
    "POST /runs/simulations": READ,
    "POST /forecasts": READ,
    "POST /runs live": CHARGE,
    "POST /runs/{run_id}/reversal": CHARGE,
}
BODIES = {
    "POST /runs simulated": {"customer": "nobody", "simulate": "yes"},
    "POST /runs live": {"customer": "nobody", "simulate": "no"},
    "POST /packages": {"name": 7},
}
NOBODY = {
    "{package_id}": "01M83000000000000000000000", "{customer_id}": "nobody", "{assignment_id}": "01M83000000000000000000000",
    "{run_id}": "none", "{entry_id}": "nobody~2031-01-01~1-recurring~none", "{did}": "4420",
    "{from}": "2031-03-01", "{version}": "old", "{file}": "none.js", "{name}": "console.js",
}  # fmt: skip
UNASKED_KEYS = Key.make("unknown")


class Token(NamedTuple):
    """A token as it is shown: made for an issuer, and the scopes it gives; None when it does not count."""

    make: Callable[[LocalIssuer], str | None]
    scopes: str | None = None


def saying(**claims: Any) -> Callable[[LocalIssuer], str]:
    return lambda issuer: issuer.token(**claims)


def of_others(issuer: LocalIssuer) -> str:
    return signed(UNASKED_KEYS, issuer.claims(), kid=issuer.key.kid)


TOKENS = {
    "none": Token(lambda _: None),
    "not a token": Token(lambda _: "secret"),
    "expired": Token(lambda issuer: issuer.token(exp=int(time.time()) - 60)),
    "not yet valid": Token(lambda issuer: issuer.token(nbf=int(time.time()) + 600)),
    "without exp": Token(saying(exp=None)),
    "wrong issuer": Token(saying(iss="https://elsewhere.example")),
    "wrong audience": Token(saying(aud="somebody-else")),
    "wrong signature": Token(of_others),
    "unknown key": Token(lambda issuer: signed(UNASKED_KEYS, issuer.claims())),
    "other algorithm": Token(lambda issuer: signed(issuer.key, issuer.claims(), algorithm="PS256")),
    "alg none": Token(lambda issuer: unsigned({"alg": "none", "kid": issuer.key.kid}, issuer.claims()) + "."),
    "alg none, signed": Token(lambda issuer: f"{unsigned({'alg': 'none'}, issuer.claims())}.{encoded(b'signature')}"),
    "HS256, key as PEM": Token(lambda issuer: hmac_signed(issuer.key.pem(), issuer.claims(), kid=issuer.key.kid)),
    "HS256, key as JWK": Token(
        lambda issuer: hmac_signed(json.dumps(issuer.key.published()).encode(), issuer.claims(), kid=issuer.key.kid)
    ),
    "id token": Token(saying(token_use="id")),
    "no scopes": Token(saying(scope="openid profile"), ""),
    "read": Token(saying(scope=READ), READ),
    "write": Token(saying(scope=WRITE), WRITE),
    "charge": Token(saying(scope=CHARGE), CHARGE),
    "all scopes": Token(saying(scope=EVERYTHING), EVERYTHING),
    "all scopes, in scp": Token(saying(scope=None, scp=EVERYTHING.split()), EVERYTHING),
    "Cognito's": Token(saying(aud=None, client_id=AUDIENCE, token_use="access"), EVERYTHING),
}


def expected(scope: str, token: Token) -> int | None:
    """The status that a cell demands; None for neither 401 nor 403, where what is asked for decides."""
    if scope == OPEN:
        return None
    if token.scopes is None:
        return 401
    return None if scope in token.scopes.split() else 403


@pytest.fixture(scope="module")
def counted(request: pytest.FixtureRequest) -> Iterator[Counter[str]]:
    """Cells by how they came out, told at the end of the run."""
    found: Counter[str] = Counter()
    yield found
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(found.items()))
    request.config.stash[TOLD] = f"{found.total()} cells of route and token asked over HTTP: {outcomes}"


def ask(client: httpx.Client, row: str, token: str | None) -> httpx.Response:
    method, path = row.split()[:2]
    for name, value in NOBODY.items():
        path = path.replace(name, value)
    body = None if method in ("GET", "DELETE") else BODIES.get(row, {"surely": "no field"})
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return client.request(method, path, headers=headers, json=body)


def test_the_table_has_every_route() -> None:
    served = {f"{method} {path}" for path, methods in app.app.routes.items() for method in methods}
    assert {" ".join(row.split()[:2]) for row in SCOPES} == served


def test_every_route_says_what_the_table_says() -> None:
    told = {(" ".join(row.split()[:2]), scope) for row, scope in SCOPES.items() if scope != OPEN}
    assert {(f"{route.method} {route.path}", scope) for route in ROUTES for scope in route.scopes} == told


@pytest.mark.parametrize("kind", TOKENS)
def test_every_route_with_every_kind_of_token(kind: str, client: httpx.Client, issuer: LocalIssuer, counted: Counter[str]) -> None:
    shown, wrong = TOKENS[kind], {}
    for row, scope in SCOPES.items():
        answer, wanted = ask(client, row, shown.make(issuer)), expected(scope, shown)
        counted[str(wanted or "let in")] += 1
        fits = answer.status_code == wanted if wanted else answer.status_code in (200, 404, 415, 422)
        if not (fits and (wanted is None or told_well(answer, scope, shown))):
            wrong[row] = answer.status_code, answer.text
    assert wrong == {}


def told_well(answer: httpx.Response, scope: str, shown: Token) -> bool:
    """A refusal is a problem document that says what is missing, and a challenge that says how to get it."""
    body, challenge = answer.json(), answer.headers["www-authenticate"]
    if answer.status_code == 403:
        return body["code"] == "forbidden" and scope in body["detail"] and scope in challenge
    return body["code"] == "unauthenticated" and answer.headers["content-type"] == "application/problem+json" and "Bearer" in challenge
