"""Which tokens count: each cell against the verifier that the API uses, with keys of an issuer over HTTP."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api.access import Caller
from chalicelib.api.issuer import ALGORITHMS, Issuer
from chalicelib.api.tokens import Verifier
from chalicelib.domain.errors import Misconfigured, Unauthenticated
from tests.auth.local_issuer import AUDIENCE, CHARGE, EVERYTHING, READ, WRITE, Key, LocalIssuer, encoded, hmac_signed, signed, unsigned

Make = Callable[[LocalIssuer], str]
STRANGER = Key.make("first")
SMALL = Key.make("small", bits=1024)
ELLIPTIC = Key.make("elliptic", "ES256")
KEYS = {name: Key.make(name, name) for name in ALGORITHMS}


def verifier(issuer: LocalIssuer, *, audiences: str = AUDIENCE, prefix: str = "") -> Verifier:
    return Verifier(Issuer(issuer.url), frozenset(audiences.split()), prefix)


@pytest.fixture(scope="module")
def checked(issuer: LocalIssuer) -> Verifier:
    """One verifier with warm keys."""
    return verifier(issuer)


def saying(**claims: Any) -> Make:
    return lambda issuer: issuer.token(**claims)


def headed(**header: Any) -> Make:
    return lambda issuer: signed(issuer.key, issuer.claims(), **header)


def cut(token: str, *, part: int, by: Callable[[str], str]) -> str:
    parts = token.split(".")
    parts[part] = by(parts[part])
    return ".".join(parts)


def now(seconds: int) -> int:
    return int(time.time()) + seconds


REFUSED: dict[str, tuple[str, Make]] = {
    "empty": ("can be read", lambda issuer: ""),
    "words": ("can be read", lambda issuer: "let me in"),
    "two parts": ("can be read", lambda issuer: ".".join(issuer.token().split(".")[:2])),
    "four parts": ("can be read", lambda issuer: issuer.token() + ".e30"),
    "padded": ("can be read", lambda issuer: issuer.token() + "="),
    "two tokens": ("can be read", lambda issuer: f"{issuer.token()},{issuer.token()}"),
    "very long": ("can be read", saying(filler="x" * 20_000)),
    "no base64": ("is not valid", lambda issuer: cut(issuer.token(), part=0, by=lambda text: text + "A" * (5 - len(text) % 4))),
    "header no JSON": ("is not valid", lambda issuer: cut(issuer.token(), part=0, by=lambda _: encoded(b"{"))),
    "claims no JSON": ("is not valid", lambda issuer: cut(issuer.token(), part=1, by=lambda _: encoded(b"\xff"))),
    "claims a list": ("is not valid", lambda issuer: cut(issuer.token(), part=1, by=lambda _: encoded(b"[]"))),
    "claims nested": ("is not valid", lambda issuer: cut(issuer.token(), part=1, by=lambda _: encoded(b"[" * 9_000))),
    "expired": ("expired", lambda issuer: issuer.token(exp=now(-31))),
    "no exp": ("lacks exp", saying(exp=None)),
    "exp no number": ("is not valid", saying(exp="tomorrow")),
    "D13-exp as text": ("is not valid", lambda issuer: issuer.token(exp=str(now(600)))),
    "D13-exp a flag": ("is not valid", saying(exp=True)),
    "D13-nbf as text": ("is not valid", lambda issuer: issuer.token(nbf=str(now(-600)))),
    "D13-iat as text": ("is not valid", lambda issuer: issuer.token(iat=str(now(-600)))),
    "exp infinite": ("is not valid", saying(exp=float("inf"))),
    "not yet": ("not valid yet", lambda issuer: issuer.token(nbf=now(40))),
    "made tomorrow": ("not valid yet", lambda issuer: issuer.token(iat=now(86_400))),
    "other issuer": ("another issuer", saying(iss="http://127.0.0.1:1")),
    "issuer with a slash": ("another issuer", lambda issuer: issuer.token(iss=issuer.url + "/")),
    "no issuer": ("another issuer", saying(iss=None)),
    "issuers": ("another issuer", lambda issuer: issuer.token(iss=[issuer.url])),
    "other audience": ("another audience", saying(aud="somebody-else")),
    "other audiences": ("another audience", saying(aud=["somebody", "else"])),
    "part of the audience": ("another audience", saying(aud=AUDIENCE[:-1])),
    "audience in other words": ("another audience", saying(aud=f"{AUDIENCE} more")),
    "audience a number": ("another audience", saying(aud=7)),
    "no audience": ("another audience", saying(aud=None)),
    "no audience but a client": ("another audience", saying(aud=None, client_id=AUDIENCE)),
    "Cognito, other client": ("another audience", saying(aud=None, client_id="other", token_use="access")),
    "Cognito, empty audience": ("another audience", saying(aud="", client_id=AUDIENCE, token_use="access")),
    "Cognito, other audience": ("another audience", saying(aud="other", client_id=AUDIENCE, token_use="access")),
    "Cognito's id token": ("access token", saying(token_use="id")),
    "Keycloak's id token": ("access token", saying(typ="ID")),
    "Keycloak's refresh token": ("access token", saying(typ="Refresh")),
    "id token with a hash": ("access token", saying(at_hash="x")),
    "logout token": ("access token", headed(typ="logout+jwt")),
    "other key": ("signature", lambda issuer: signed(STRANGER, issuer.claims())),
    "unknown key id": ("no key", headed(kid="second")),
    "key id a number": ("is not valid", headed(kid=1)),
    "no signature": ("can be read", lambda issuer: unsigned({"alg": "none"}, issuer.claims()) + "."),
    "alg none": ("algorithm", lambda issuer: unsigned({"alg": "none", "kid": "first"}, issuer.claims()) + ".e30"),
    "alg None": ("algorithm", lambda issuer: unsigned({"alg": "None"}, issuer.claims()) + ".e30"),
    "alg null": ("algorithm", headed(alg=None)),
    "alg a list": ("algorithm", headed(alg=["RS256"])),
    "HS256 by the public key": ("algorithm", lambda issuer: hmac_signed(issuer.key.pem(), issuer.claims(), kid="first")),
    "HS256 by the published key": (
        "algorithm", lambda issuer: hmac_signed(json.dumps(issuer.key.published()).encode(), issuer.claims(), kid="first"),
    ),
    "HS256 by nothing": ("algorithm", lambda issuer: hmac_signed(b"", issuer.claims(), kid="first")),
    "other algorithm of the key": ("no key", lambda issuer: signed(issuer.key, issuer.claims(), algorithm="PS256")),
    "algorithm of other keys": ("no key", lambda issuer: signed(ELLIPTIC, issuer.claims(), kid="first")),
    "key in the token": ("signature", lambda issuer: signed(STRANGER, issuer.claims(), jwk=STRANGER.published())),
    "key elsewhere": ("signature", lambda issuer: signed(STRANGER, issuer.claims(), jku=f"{issuer.url}/other")),
    "unknown extension": ("is not valid", headed(crit=["exp2"], exp2=1)),
    "content not encoded": ("is not valid", headed(crit=["b64"], b64=False)),
    "no subject": ("sub", saying(sub=None)),
    "empty subject": ("sub", saying(sub="")),
    "long subject": ("sub", saying(sub="x" * 256)),
    "subject of two lines": ("sub", saying(sub="ada\nbob")),
    "subject a number": ("is not valid", saying(sub=7)),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_tokens_that_do_not_count(case: str, issuer: LocalIssuer, checked: Verifier) -> None:
    why, make = REFUSED[case]
    token = make(issuer)
    with pytest.raises(Unauthenticated, match=why) as refused:
        checked.caller(f"Bearer {token}")
    assert not token or token not in refused.value.detail


ACCEPTED: dict[str, Make] = {
    "as made": saying(),
    "one audience of several": saying(aud=["other", AUDIENCE]),
    "expired, by a clock's difference": lambda issuer: issuer.token(exp=now(-25)),
    "not yet, by a clock's difference": lambda issuer: issuer.token(nbf=now(25), iat=now(25)),
    "Cognito's access token": saying(aud=None, client_id=AUDIENCE, token_use="access"),
    "no key id": headed(kid=None),
    "no type": headed(typ=None),
    "older type": headed(typ="JWT"),
    "type in full": headed(typ="application/at+JWT"),
}  # fmt: skip


@pytest.mark.parametrize("case", ACCEPTED)
def test_tokens_that_count(case: str, issuer: LocalIssuer, checked: Verifier) -> None:
    assert checked.caller(f"Bearer {ACCEPTED[case](issuer)}") == Caller("ada", frozenset({READ, WRITE, CHARGE}))


@pytest.mark.parametrize("scheme", ["bearer ", "BEARER ", "Bearer   "])
def test_the_scheme_is_read_generously(scheme: str, issuer: LocalIssuer, checked: Verifier) -> None:
    assert checked.caller(scheme + issuer.token()).name == "ada"


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Token x", "bearer", ""])
def test_other_schemes_hold_no_token(header: str, checked: Verifier) -> None:
    with pytest.raises(Unauthenticated, match="can be read"):
        checked.caller(header)


def test_a_call_without_a_token_is_told_what_to_bring(checked: Verifier) -> None:
    with pytest.raises(Unauthenticated) as refused:
        checked.caller(None)
    assert not refused.value.tried


@pytest.mark.parametrize("algorithm", KEYS)
def test_every_algorithm_with_a_public_key(algorithm: str) -> None:
    with LocalIssuer(KEYS[algorithm]) as issuer:
        assert verifier(issuer).caller(f"Bearer {issuer.token()}").name == "ada"
        forged = cut(issuer.token(), part=1, by=lambda _: encoded(json.dumps(issuer.claims(sub="eve")).encode()))
        with pytest.raises(Unauthenticated, match="signature"):
            verifier(issuer).caller(f"Bearer {forged}")


def test_short_keys_are_no_keys() -> None:
    with LocalIssuer(SMALL) as issuer, pytest.raises(Unauthenticated):
        verifier(issuer).caller(f"Bearer {issuer.token()}")


def test_a_token_without_key_id_needs_a_sole_key() -> None:
    with LocalIssuer(Key.make("a"), Key.make("b")) as issuer, pytest.raises(Unauthenticated, match="no key"):
        verifier(issuer).caller(f"Bearer {signed(issuer.key, issuer.claims(), kid=None)}")


def test_a_token_without_key_id_finds_the_key_of_its_kind() -> None:
    with LocalIssuer(KEYS["ES256"], KEYS["RS256"]) as issuer:
        published = [{name: value for name, value in key.published().items() if name != "alg"} for key in issuer.keys]
        issuer.documents["/keys"] = {"keys": published}
        for key in issuer.keys:
            assert verifier(issuer).caller(f"Bearer {signed(key, issuer.claims(), kid=None)}").name == "ada"


@pytest.mark.parametrize(
    ("claims", "granted"),
    [
        ({"scope": None}, set()),
        ({"scope": ""}, set()),
        ({"scope": READ}, {READ}),
        ({"scope": f"openid {CHARGE} {READ}"}, {READ, CHARGE}),
        ({"scope": [WRITE, READ]}, {READ, WRITE}),
        ({"scope": None, "scp": EVERYTHING}, {READ, WRITE, CHARGE}),
        ({"scope": None, "scp": ["openid", CHARGE]}, {CHARGE}),
        ({"scope": READ, "scp": WRITE}, {READ, WRITE}),
        ({"scope": READ.upper()}, set()),
        ({"scope": f"{READ}s billing: billing:* billing"}, set()),
        ({"scope": {READ: True}}, set()),
        ({"scope": [7, None, READ]}, {READ}),
        ({"scope": f"packages/{READ}"}, set()),
        ({"scope": None, "roles": [READ], "permissions": [READ]}, set()),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),
)
def test_scopes_are_read_as_issuers_write_them(claims: dict[str, Any], granted: set[str], issuer: LocalIssuer, checked: Verifier) -> None:
    assert checked.caller(f"Bearer {issuer.token(**claims)}").scopes == granted


def test_scopes_with_a_prefix(issuer: LocalIssuer) -> None:
    caller = verifier(issuer, prefix="packages/").caller(f"Bearer {issuer.token(scope=f'packages/{READ} {WRITE}')}")
    assert caller.scopes == {READ}


def test_one_of_several_audiences_will_do(issuer: LocalIssuer) -> None:
    assert verifier(issuer, audiences=f"other {AUDIENCE}").caller(f"Bearer {issuer.token()}").name == "ada"


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"sub": "auth0|5f7c8ec7"}, "auth0|5f7c8ec7"),
        ({"sub": "x" * 255}, "x" * 255),
        ({"sub": None, "client_id": "importer"}, "client:importer"),
        ({"sub": None, "azp": "importer"}, "client:importer"),
        ({"sub": "ada", "client_id": "importer"}, "ada"),
        pytest.param({"sub": "client:importer"}, "sub:client:importer", id="D13-a person named like a program"),
        ({"sub": "sub:client:importer"}, "sub:sub:client:importer"),
        ({"sub": "Client:importer"}, "Client:importer"),
    ],
    ids=str,
)
def test_who_a_token_names(claims: dict[str, Any], name: str, issuer: LocalIssuer, checked: Verifier) -> None:
    assert checked.caller(f"Bearer {issuer.token(**claims)}").name == name


def test_without_issuer_or_audience_nobody_is_let_in(issuer: LocalIssuer) -> None:
    for broken in (verifier(issuer, audiences=""), Verifier(Issuer(""), frozenset({AUDIENCE}), "")):
        with pytest.raises(Misconfigured):
            broken.caller(f"Bearer {issuer.token()}")


MUTATIONS = st.one_of(
    st.tuples(st.just("flip"), st.floats(0, 1, exclude_max=True), st.integers(0, 7)),
    st.tuples(st.just("cut"), st.floats(0, 1, exclude_max=True), st.integers(1, 5)),
    st.tuples(st.just("insert"), st.floats(0, 1), st.characters(codec="latin-1")),
    st.tuples(st.just("put"), st.floats(0, 1, exclude_max=True), st.sampled_from("Aa0-_=.+/ ")),
    st.tuples(st.just("swap"), st.sampled_from([0, 1, 2]), st.sampled_from([0, 1, 2])),
)


def mutated(token: str, how: tuple[str, Any, Any]) -> str:
    kind, where, what = how
    at = int(where * len(token))
    if kind == "swap":
        parts = [*token.split("."), "", ""]
        parts[where], parts[what] = parts[what], parts[where]
        return ".".join(parts[:-2])
    put: dict[str, Callable[[], str]] = {
        "flip": lambda: chr(ord(token[at]) ^ 1 << what), "put": lambda: what, "cut": lambda: "",
        "insert": lambda: what + token[at : at + 1],
    }  # fmt: skip
    return token[:at] + put[kind]() + token[at + (what if kind == "cut" else 1) :]


@given(how=st.lists(MUTATIONS, min_size=1, max_size=3), algorithm=st.sampled_from(["RS256", "ES256", "EdDSA"]))
def test_no_mutation_of_a_token_passes(how: list[tuple[str, Any, Any]], algorithm: str, mutants: dict[str, tuple[Verifier, str]]) -> None:
    checked, token = mutants[algorithm]
    changed = token
    for one in how:
        changed = mutated(changed, one)
    if changed.strip(" ") == token:
        assert checked.caller(f"Bearer {token}").name == "ada"
        return
    with pytest.raises(Unauthenticated):
        checked.caller(f"Bearer {changed}")


@pytest.fixture(scope="module")
def mutants() -> Iterator[dict[str, tuple[Verifier, str]]]:
    """A warm verifier and a valid token for each kind of key."""
    with ExitStack() as running:
        issuers = [running.enter_context(LocalIssuer(KEYS[algorithm])) for algorithm in ("RS256", "ES256", "EdDSA")]
        yield {issuer.key.algorithm: (verifier(issuer), issuer.token(exp=now(86_400))) for issuer in issuers}
