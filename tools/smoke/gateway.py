"""What stands between a caller and the functions: routes, pages, signatures, compression, and ids as they come through."""

import re

import httpx
from botocore.credentials import Credentials

from tools.checks import Failed, NotProven
from tools.smoke.world import World, demand, expect, patiently

PAGES = {"/console": "<html", "/docs": "<html", "/openapi.json": '"openapi"'}
"""Open routes, and what their answers hold."""


def health(world: World) -> str:
    told = expect(world.stranger().get("/health"))
    demand(told.get("status") == "ok", f"it says {told}")
    return f"the API reaches its tables, for anybody, and is of version {told.get('version')}"


def pages(world: World) -> str:
    """Each page compressed and not, and with a slash behind it: all that it links to is there."""
    wanted = {path: text for path, text in PAGES.items() if path != "/docs" or world.variables.get("SERVE_DOCS") != "false"}
    stranger, packed = world.stranger(), []
    for path, text in wanted.items():
        plain = patiently(stranger, path, headers={"Accept-Encoding": "identity"}, follow_redirects=True)
        demand(text in expect_text(plain).lower(), f"{path} has no {text}")
        gzipped = patiently(stranger, path, headers={"Accept-Encoding": "gzip"}, follow_redirects=True)
        demand(expect_text(gzipped) == plain.text, f"{path} is another when it is compressed")
        packed.append(gzipped.headers.get("content-encoding") == "gzip")
        if "html" in text:
            links_lead_somewhere(stranger, plain)
            links_lead_somewhere(stranger, patiently(stranger, f"{path}/", follow_redirects=True))
    if not any(packed):
        raise NotProven(f"{', '.join(wanted)} are right, but nothing was compressed here")
    return f"{', '.join(wanted)}: with and without slash, gzip and not"


def links_lead_somewhere(stranger: httpx.Client, page: httpx.Response) -> None:
    """The files of a page, whose addresses are relative to its own."""
    files = set(re.findall(r'(?:href|src)="([^"#:]+)"', expect_text(page)))
    demand(bool(files), f"{page.url} links to nothing")
    for file in files:
        expect(patiently(stranger, page.url.join(file)))


def expect_text(answer: httpx.Response) -> str:
    expect(answer)
    return str(answer.text)


def unsigned(world: World) -> str:
    if world.mode == "none":
        raise NotProven("AUTH_MODE is none")
    for method, path in (("GET", "/packages"), ("POST", "/runs"), ("GET", "/customers/nobody/ledger")):
        answer = world.stranger().request(method, path, json={} if method == "POST" else None)
        demand(answer.status_code in (401, 403), f"{method} {path} without credentials: {answer.status_code}")
    return "calls without credentials are refused"


def signed(world: World) -> str:
    expect(world.api.get("/packages", params={"limit": "1"}))
    expect(world.api.get("/customers", params={"prefix": world.prefix, "limit": "1"}))
    return f"calls as AUTH_MODE={world.mode} wants them come through, with queries too"


def encoded_ids(world: World) -> str:
    """The daily run's id has a colon, which many clients send encoded."""
    run_id = f"daily:{world.today.isoformat()}"
    plain, encoded = world.api.get(f"/runs/{run_id}"), world.api.get(f"/runs/{run_id.replace(':', '%3A')}")
    if plain.status_code == encoded.status_code == 404:
        raise NotProven(f"{run_id} is not there: today is not evaluated")
    demand(expect(plain)["run_id"] == expect(encoded)["run_id"] == run_id, f"{run_id} is another when it is encoded")
    return f"{run_id} is found as it is and encoded"


def conflicts(world: World) -> str:
    customer = world.customer(debit_limit="5")
    path = f"/customers/{customer}"
    tag = world.api.get(path).headers["etag"]
    expect(world.api.patch(path, json={"debit_limit": "6"}, headers={"If-Match": tag}))
    expect(world.api.patch(path, json={"debit_limit": "7"}, headers={"If-Match": tag}), 412)
    key = {"Idempotency-Key": f"{world.prefix}-conflicts"}
    expect(world.api.post(f"{path}/payments", json={"amount": "1"}, headers=key), 201)
    refused = world.api.post(f"{path}/payments", json={"amount": "2"}, headers=key)
    demand(refused.status_code in (409, 422), f"another body under the same Idempotency-Key: {refused.status_code}")
    return "an old If-Match gets 412, another body under the same key is refused"


def sessions(world: World) -> str:
    """A retry from another session of the role, as an SDK makes one once it has refreshed its credentials."""
    if world.mode != "iam":
        raise NotProven(f"AUTH_MODE is {world.mode}")
    if world.asked.role is None:
        raise NotProven("name a role that these credentials may assume and that may call the API: ROLE=arn:aws:iam::...")
    customer, key = world.customer(), {"Idempotency-Key": f"{world.prefix}-sessions"}
    made = []
    for number in (1, 2):
        with world.client(assumed(world, f"{world.prefix}-{number}")) as api:
            made.append(expect(api.post(f"/customers/{customer}/payments", json={"amount": "1"}, headers=key), 201))
    demand(made[0]["entry_id"] == made[1]["entry_id"], "two sessions booked the same payment twice")
    return "one key from two sessions of a role books once"


def assumed(world: World, session: str) -> Credentials:
    """A session of the role. Raises `Failed` when there is none to be had."""
    given = world.aws.client("sts").assume_role(RoleArn=world.asked.role, RoleSessionName=session)["Credentials"]
    if not given.get("SessionToken"):
        raise Failed(f"no session of {world.asked.role}")
    return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
