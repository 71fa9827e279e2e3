"""What `/console` serves: the page, its files and its settings, through the deployed API."""

import gzip
import hashlib
import json
import re
from html.parser import HTMLParser

import httpx
import pytest

from chalicelib.console import files
from tests.api.support import problem
from tools.bundle import ROOT
from tools.embedded import EmbeddedStack

FIRST_VIEW_BYTES_MAX = 150_000
ALL_BYTES_MAX = 450_000
FIRST_VIEW_COMPRESSED_BYTES_MAX = 55_000
STATIC = ROOT / "chalicelib" / "console" / "static"
TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml; charset=utf-8"}
JS = sorted(path.name for path in STATIC.glob("*.js"))


class Links(HTMLParser):
    """Every address that a page loads, and whether it has scripts or styles of its own."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found += [value for name in ("src", "href") if (value := given.get(name))]
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)


def policy(answer: httpx.Response) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer.headers["content-security-policy"].split(";"))
    return {name: value for name, _, value in parts}


def test_the_page_may_load_nothing_but_its_own_files(api: httpx.Client, stack: EmbeddedStack) -> None:
    answer = api.get("/console")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert policy(answer) == {
        "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:",
        "form-action": "'none'", "base-uri": "'none'", "frame-ancestors": "'none'",
        "connect-src": f"'self' http://127.0.0.1:{stack.ports['inner']}",  # where files are put
    }  # fmt: skip
    assert (answer.headers["x-content-type-options"], answer.headers["referrer-policy"]) == ("nosniff", "no-referrer")
    assert answer.headers["cache-control"] == "no-cache"
    assert Links(answer.text).inline == []


@pytest.mark.parametrize("page", ["/console", "/console/"])
def test_every_address_on_the_page_is_relative_and_leads_to_a_file_kept_for_good(api: httpx.Client, page: str) -> None:
    answer = api.get(page)
    links = Links(answer.text).found
    assert len(links) > 10
    for link in links:
        assert not re.match(r"[a-z]+:|/", link), link
        found = api.get(str(answer.url.join(link)))
        assert found.status_code == 200, found.url
        assert found.headers["content-type"] == TYPES[link.rpartition(".")[2]]
        assert "immutable" in found.headers["cache-control"]
        assert found.headers["x-content-type-options"] == "nosniff"


def test_a_browser_that_has_the_page_is_not_sent_it_again(api: httpx.Client) -> None:
    tag = api.get("/console").headers["etag"]
    again = api.get("/console", headers={"If-None-Match": tag})
    assert (again.status_code, again.text, again.headers["etag"]) == (304, "", tag)


@pytest.mark.parametrize(
    "path", [f"{'0' * 16}/main.js", f"{files.version()}/nothing.js", f"{files.version()}/index.html", f"{files.version()}/__init__.py"]
)
def test_what_is_no_file_of_this_version_is_not_found(api: httpx.Client, path: str) -> None:
    answer = api.get(f"/console/{path}")
    problem(answer, 404, "not_found")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-correlation-id"]


def test_the_settings_are_what_a_page_must_know_before_anybody_signs_in(api: httpx.Client) -> None:
    answer = api.get("/console/settings.json")
    settings = answer.json()
    assert settings["auth_mode"] == "none"
    assert (settings["default_currency"], settings["time_zone"]) == ("USD", "UTC")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", settings["today"])
    assert "USD" in settings["currencies"]
    assert [settings["decimals"][currency] for currency in ("USD", "JPY", "KWD")] == [2, 0, 3]


def loaded_at_once(name: str) -> set[str]:
    """A module with all that it imports, but for what is imported when it is first shown."""
    found, waiting = set[str](), [name]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += re.findall(r"""from\s*["']\./([^"']+)["']""", (STATIC / one).read_text())
    return found


def test_all_that_is_served_is_small(api: httpx.Client) -> None:
    page = api.get("/console")
    sizes = {name: len(api.get(f"/console/{files.version()}/{name}").content) for name in files.file_names()}
    first = loaded_at_once("main.js") | loaded_at_once("home.js")
    preloaded = {link.rpartition("/")[2] for link in Links(page.text).found if link.endswith(".js")} - {"theme.js"}
    assert preloaded == first, "a browser asks at once for what the first page needs, and for nothing else"
    later = set(JS) - first
    assert sum(size for name, size in sizes.items() if name not in later) + len(page.content) < FIRST_VIEW_BYTES_MAX, sizes
    assert sum(sizes.values()) + len(page.content) < ALL_BYTES_MAX, sizes
    sent = {name: len(gzip.compress((files.file_text(name) or "").encode())) for name in sizes.keys() - later}
    assert sum(sent.values()) + len(page.content) < FIRST_VIEW_COMPRESSED_BYTES_MAX, sent


def test_the_style_that_is_served_says_what_its_source_says() -> None:
    """Nothing but comments, spaces and last semicolons goes, and no space before a colon, which chooses other elements."""
    source, served = (STATIC / "style.css").read_text(), files.file_text("style.css") or ""
    said = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    assert re.sub(r"\s", "", served) == re.sub(r"\s", "", said).replace(";}", "}")
    assert len(re.findall(r"[^,\s] :", served)) == len(re.findall(r"[^,\s] :", said))


@pytest.mark.parametrize("name", files.file_names())
def test_no_file_names_a_foreign_host(name: str) -> None:
    hosts = set(re.findall(r"(?:https?:)?//([a-z0-9-]+(?:\.[a-z0-9-]+)+)", files.file_text(name) or ""))
    assert hosts <= {"www.w3.org"} | ({"github.com"} if name == "oauth.js" else set())


@pytest.mark.parametrize("name", JS)
def test_every_import_is_a_file_beside_it(name: str) -> None:
    text = (STATIC / name).read_text()
    imported = set(re.findall(r"""(?:from|import\()\s*["']\./([^"']+)["']""", text))
    assert imported <= set(JS)


def test_the_libraries_are_the_ones_that_were_vendored() -> None:
    for name, one in json.loads((ROOT / "tools" / "vendor.json").read_text()).items():
        content = (STATIC / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == one["sha256"], f"{name}: run make vendor"
        for package, version in one["packages"].items():
            assert f"{package} {version} (" in content.decode().splitlines()[0]


def test_types_are_those_of_the_libraries_that_were_vendored() -> None:
    typed = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    bundles = json.loads((ROOT / "tools" / "vendor.json").read_text()).values()
    vendored = {name: version for bundle in bundles for name, version in bundle["packages"].items()}
    common = typed.keys() & vendored.keys()
    assert common == {"preact", "oauth4webapi"}
    assert {name: typed[name] for name in common} == {name: vendored[name] for name in common}
