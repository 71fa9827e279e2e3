"""The package for AUTH_MODE=jwt: it brings what checks tokens, its template leaves the checking to it, and bad settings are refused."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import app
from tools.bundle import ROOT, Bundle, build
from tools.targets import here
from tools.template import LOCAL_STAGE, SettingsError, settings_from

pytestmark = pytest.mark.deploy

TOKENS_ONLY = ("jwt/", "cryptography/", "cffi/")
GOOD = {"AUTH_MODE": "jwt", "AUTH_ISSUER": "https://issuer.example/realm", "AUTH_AUDIENCE": "packages-billing"}
CHECK = """
import sys
sys.path[:0] = [{code!r}]
import app
assert not {{"jwt", "cryptography"}} & sys.modules.keys()
import jwt, cryptography.hazmat.bindings._rust as rust
from jwt.algorithms import has_crypto
print(has_crypto, rust.__file__.startswith({code!r}))
"""


@pytest.fixture(scope="module")
def sources(copy_sources: Callable[[], Path]) -> Path:
    return copy_sources()


def made(sources: Path, out: Path, **changed: str) -> Bundle:
    return build(settings_from(GOOD | changed, stage="prod", year=2026, target=here()), out, root=sources)


@pytest.fixture(scope="module")
def bundle(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return made(sources, tmp_path_factory.mktemp("jwt"))


def methods(bundle: Bundle) -> list[dict[str, Any]]:
    resources = json.loads(bundle.template.read_text())["Resources"]
    paths = resources["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
    return [method for path in paths.values() for method in path.values()]


def test_the_gateway_checks_nobody(bundle: Bundle) -> None:
    found = methods(bundle)
    assert len(found) == sum(len(methods) for methods in app.app.routes.values()) > 30
    assert [method for method in found if "security" in method] == []


def test_the_gateway_says_of_an_unknown_path_that_it_is_unknown(bundle: Bundle) -> None:
    body = json.loads(bundle.template.read_text())["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    assert body["x-amazon-apigateway-gateway-responses"]["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == "404"


def test_the_package_reads_tokens_with_what_it_brings(bundle: Bundle, tmp_path: Path) -> None:
    """Made for this machine, it runs here; the library is imported when the first token comes, not with the app."""
    with zipfile.ZipFile(bundle.zip) as archive:
        archive.extractall(tmp_path)
    script = CHECK.format(code=str(tmp_path))
    environ = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1"} | GOOD
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, env=environ, check=False)
    assert (done.stdout.split(), done.stderr) == (["True", "True"], "")


def test_what_checks_tokens_is_most_of_what_is_added(bundle: Bundle) -> None:
    """So packages without tokens leave it out; test_package.py looks there."""
    with zipfile.ZipFile(bundle.zip) as archive:
        assert sum(one.compress_size for one in archive.infolist() if one.filename.startswith(TOKENS_ONLY)) > 4_000_000


BAD = {
    "no issuer": ({"AUTH_ISSUER": ""}, "needs AUTH_ISSUER and AUTH_AUDIENCE"),
    "no audience": ({"AUTH_AUDIENCE": " "}, "needs AUTH_ISSUER and AUTH_AUDIENCE"),
    "not https": ({"AUTH_ISSUER": "http://issuer.example"}, "begins with https://"),
    "no URL": ({"AUTH_ISSUER": "issuer.example"}, "begins with https://"),
    "no host": ({"AUTH_ISSUER": "https:///realm"}, "begins with https://"),
    "somebody's password": ({"AUTH_ISSUER": "https://a:b@issuer.example"}, "begins with https://"),
    "a query": ({"AUTH_ISSUER": "https://issuer.example/?realm=1"}, "begins with https://"),
    "a space": ({"AUTH_ISSUER": "https://issuer.example/ realm"}, "begins with https://"),
    "a prefix of two words": ({"AUTH_SCOPE_PREFIX": "my packages/"}, "AUTH_SCOPE_PREFIX"),
    "a prefix with a quote": ({"AUTH_SCOPE_PREFIX": 'my"'}, "AUTH_SCOPE_PREFIX"),
}


@pytest.mark.parametrize("case", BAD)
def test_settings_that_can_not_check_tokens_are_refused(case: str) -> None:
    changed, why = BAD[case]
    with pytest.raises(SettingsError, match=why):
        settings_from(GOOD | changed, stage="prod", year=2026)


@pytest.mark.parametrize(
    "issuer",
    [
        "https://issuer.example",
        "https://tenant.auth0.com/",
        "https://[::1]:8443/a",
        "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_A1",
    ],
)
def test_issuers_may_have_ports_paths_and_slashes(issuer: str) -> None:
    assert settings_from(GOOD | {"AUTH_ISSUER": issuer}, stage="prod", year=2026).variables["AUTH_ISSUER"] == issuer


def test_only_the_local_stage_takes_an_issuer_without_tls() -> None:
    local = GOOD | {"AUTH_ISSUER": "http://127.0.0.1:8080/realms/x"}
    assert settings_from(local, stage=LOCAL_STAGE, year=2026).variables["AUTH_MODE"] == "jwt"


@pytest.mark.parametrize(("module", "words"), [("tools.package", ["--stage", "prod"]), ("tools.serve", [])])
def test_bad_settings_are_told_in_one_line(module: str, words: list[str]) -> None:
    environ = os.environ | {"AUTH_MODE": "jwt", "PORT": "0"}
    done = subprocess.run([sys.executable, "-m", module, *words], cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().endswith("AUTH_MODE=jwt needs AUTH_ISSUER and AUTH_AUDIENCE")
    assert len(done.stderr.strip().splitlines()) == 1
