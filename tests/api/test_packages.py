"""Packages over HTTP: what is stored and answered, who may overwrite whom, and what may not change while in use."""

from typing import Any

import httpx
import pytest

from tests.api.support import Json, a_customer, a_package, an_assignment, day, ok, pages, path, pointers, problem, saved, unique

FULL = {
    "name": "Hosted phone system", "description": "per seat", "currency": "EUR", "cost": "4.10", "retail": "10.50",
    "setup_cost": "1.00", "setup_retail": "25.00", "frequency": "monthly", "frequency_match": [31, 15],
    "connexcs_package": "asr", "minimum_days": 30, "type": "standard", "destination": None, "minimum_spend": True,
    "account_code": "4010", "tax_code": "20% (VAT on Income)", "notice_days": [7, 1],
}  # fmt: skip
READ_ONLY = ("package_id", "version", "created_at", "created_by", "updated_at", "updated_by")
REFUSED = [
    ("/name", {"name": ""}), ("/name", {"name": "x" * 201}), ("/name", {"name": 5}), ("/name", {"name": None}),
    ("/description", {"description": 1}),
    ("/currency", {"currency": "usd"}), ("/currency", {"currency": "ZZZ"}), ("/currency", {"currency": 840}),
    ("/retail", {"retail": "-1"}), ("/retail", {"retail": "1e3"}), ("/retail", {"retail": "+1"}), ("/retail", {"retail": "1_0"}),
    ("/retail", {"retail": "1,5"}), ("/retail", {"retail": " 1"}), ("/retail", {"retail": "٣"}), ("/retail", {"retail": ""}),
    ("/retail", {"retail": "1000000000000"}), ("/retail", {"retail": "0.0000001"}), ("/retail", {"retail": True}),
    ("/retail", {"retail": None}), ("/retail", {"retail": [1]}), ("/cost", {"cost": "NaN"}), ("/cost", {"cost": "Infinity"}),
    ("/setup_cost", {"setup_cost": "0x1"}), ("/setup_retail", {"setup_retail": "1."}),
    ("/frequency", {"frequency": "hourly"}), ("/frequency", {"frequency": None}),
    ("/frequency_match/0", {"frequency": "monthly", "frequency_match": [0]}),
    ("/frequency_match/0", {"frequency": "monthly", "frequency_match": [32]}),
    ("/frequency_match/0", {"frequency": "monthly", "frequency_match": ["mon"]}),
    ("/frequency_match/0", {"frequency": "monthly", "frequency_match": [True]}),
    ("/frequency_match/1", {"frequency": "monthly", "frequency_match": [3, 3]}),
    ("/frequency_match/0", {"frequency": "weekly", "frequency_match": ["monday"]}),
    ("/frequency_match/0", {"frequency": "weekly", "frequency_match": [1]}),
    ("/frequency_match/1", {"frequency": "weekly", "frequency_match": ["mon", "mon"]}),
    ("/frequency_match", {"frequency": "none", "frequency_match": [1]}), ("/frequency_match", {"frequency_match": ["mon"]}),
    ("/frequency_match", {"frequency": "daily", "frequency_match": [1]}),
    ("/frequency_match", {"frequency": "quarterly", "frequency_match": [1]}),
    ("/frequency_match", {"frequency": "yearly", "frequency_match": [1]}), ("/frequency_match", {"frequency_match": "mon"}),
    ("/minimum_days", {"minimum_days": -1}), ("/minimum_days", {"minimum_days": 3651}), ("/minimum_days", {"minimum_days": "3"}),
    ("/minimum_days", {"minimum_days": 1.0}), ("/minimum_days", {"minimum_days": True}),
    ("/type", {"type": "minutes"}), ("/destination", {"destination": "^44"}),
    ("/destination", {"type": "free_minutes", "destination": "44"}), ("/destination", {"type": "free_minutes", "destination": "^44|"}),
    ("/destination", {"type": "free_minutes", "destination": "^4a"}), ("/destination", {"type": "free_minutes", "destination": "^(44)"}),
    ("/minimum_spend", {"minimum_spend": True}), ("/minimum_spend", {"frequency": "daily", "minimum_spend": "yes"}),
    ("/connexcs_package", {"connexcs_package": 3}), ("/account_code", {"account_code": ""}), ("/account_code", {"account_code": "4" * 51}),
    ("/account_code", {"account_code": 200}), ("/tax_code", {"tax_code": "a\nb"}), ("/tax_code", {"tax_code": " "}),
    ("/notice_days", {"notice_days": []}), ("/notice_days", {"notice_days": [7, 7]}), ("/notice_days", {"notice_days": [0, 7]}),
    ("/notice_days/0", {"notice_days": [366]}), ("/notice_days/0", {"notice_days": [-1]}), ("/notice_days", {"notice_days": "7"}),
    ("/notice_days", {"notice_days": [1, 2, 3, 4, 5, 6]}),
    ("/retial", {"retial": "1"}), ("/a~1b~0c", {"a/b~c": 1}),
]  # fmt: skip


def where(package: dict[str, Any]) -> str:
    return f"/packages/{package['package_id']}"


def test_a_package_needs_a_name_only_and_money_defaults_to_zero(api: httpx.Client) -> None:
    """contract: Required to create: name. Money defaults to 0, type to standard, frequency to none."""
    answer = api.post("/packages", json={"name": "Bare"})
    package = saved(answer)
    defaults: dict[str, Any] = {
        "currency": "USD", "cost": "0.00", "retail": "0.00", "setup_cost": "0.00", "setup_retail": "0.00", "frequency": "none",
        "notice_days": None,
        "frequency_match": [], "connexcs_package": None, "minimum_days": 0, "type": "standard", "destination": None,
        "minimum_spend": False, "version": 1, "description": "", "account_code": None, "tax_code": None,
    }  # fmt: skip
    assert {name: package[name] for name in defaults} == defaults
    assert answer.headers["etag"]
    assert answer.headers["location"].endswith(package["package_id"])
    assert ok(api.get(where(package))) == package


def test_every_field_is_kept_and_shown(api: httpx.Client) -> None:
    """contract: Package."""
    package = a_package(api, **FULL)
    assert {name: package[name] for name in FULL} == FULL | {"frequency_match": [15, 31]}


@pytest.mark.parametrize(("pointer", "fields"), REFUSED)
def test_each_bad_field_is_named(api: httpx.Client, pointer: str, fields: dict[str, Any]) -> None:
    """rules 2: Money and dates; rules 3: Frequency and Frequency Match; rules 4: Free Minutes, Minimum Spend."""
    assert pointers(api.post("/packages", json={"name": "Bad"} | fields)) == {pointer}


def test_all_faults_are_told_at_once(api: httpx.Client) -> None:
    """contract: unknown fields, faults of single fields and faults across fields together."""
    body = {"retial": "1", "retail": "-1", "minimum_days": "x", "frequency": "none", "frequency_match": [1], "destination": "^44"}
    expected = {"/name", "/retial", "/retail", "/minimum_days", "/frequency_match", "/destination"}
    assert pointers(api.post("/packages", json=body)) == expected
    package = a_package(api)
    assert pointers(api.put(where(package), json=body)) == expected
    assert pointers(api.patch(where(package), json=body)) == expected - {"/name"}
    assert ok(api.get(where(package))) == package


@pytest.mark.parametrize("frequency", ["none", "daily", "weekly", "monthly", "quarterly", "yearly"])
def test_an_empty_match_is_accepted_everywhere(api: httpx.Client, frequency: str) -> None:
    """rules 3: `[]` is no match and accepted everywhere."""
    assert a_package(api, frequency=frequency, frequency_match=[])["frequency_match"] == []


@pytest.mark.parametrize("destination", ["^44", "^44|^91|^1", "", None])
def test_destinations_are_anchored_prefixes(api: httpx.Client, destination: str | None) -> None:
    """rules 4: Free Minutes: alternatives of anchored digit prefixes; empty means every destination."""
    assert a_package(api, type="free_minutes", destination=destination)["destination"] == (destination or None)


def test_a_bad_destination_is_refused_with_its_position(api: httpx.Client) -> None:
    """rules 4: Free Minutes: anything else is refused with the position of the first bad character."""
    body = {"name": "Minutes", "type": "free_minutes", "destination": "^44|^9x|^1"}
    assert "7" in problem(api.post("/packages", json=body), 422)["errors"][0]["detail"]


def test_a_destination_has_a_sensible_length(api: httpx.Client) -> None:
    """contract: a bad field is 422 with its pointer; every list and assignment embeds the package."""
    body = {"name": "Minutes", "type": "free_minutes", "destination": "|".join(["^1"] * 80_000)}
    assert pointers(api.post("/packages", json=body)) == {"/destination"}


def test_put_replaces_and_ignores_what_get_added(api: httpx.Client) -> None:
    """contract: PUT ignores the read-only fields that GET answered; fields left out go back to their defaults."""
    package = a_package(api, **FULL)
    changed = saved(api.put(where(package), json=package | {"name": "New", "version": 99, "package_id": "other", "created_by": "me"}), 200)
    assert {k: v for k, v in changed.items() if k not in READ_ONLY} == {k: v for k, v in package.items() if k not in READ_ONLY} | {
        "name": "New"
    }
    assert (changed["package_id"], changed["version"], changed["created_at"]) == (package["package_id"], 2, package["created_at"])
    bare = ok(api.put(where(package), json={"name": "Bare"}))
    assert (bare["retail"], bare["frequency"], bare["minimum_spend"], bare["currency"]) == ("0.00", "none", False, "USD")


def test_a_package_of_the_list_can_be_sent_back(api: httpx.Client) -> None:
    package = a_package(api, name=unique("Listed"))
    (listed,) = ok(api.get("/packages", params={"search": package["name"]}))["items"]
    assert listed["assignments"] == 0
    assert saved(api.put(where(package), json=listed | {"description": "New"}), 200)["description"] == "New"


def test_patch_changes_what_it_names_and_null_goes_back_to_the_default(api: httpx.Client) -> None:
    """contract: PATCH is a JSON merge patch."""
    package = a_package(api, **FULL)
    headers = {"Content-Type": "application/merge-patch+json"}
    patch = b'{"retail": 12.000001, "connexcs_package": null, "description": null, "minimum_days": null}'
    changed = ok(api.patch(where(package), content=patch, headers=headers))
    assert (changed["retail"], changed["connexcs_package"], changed["description"], changed["minimum_days"]) == ("12.000001", None, "", 0)
    assert (changed["name"], changed["cost"], changed["frequency_match"]) == (package["name"], package["cost"], [15, 31])
    assert pointers(api.patch(where(package), json={"name": None})) == {"/name"}
    assert pointers(api.patch(where(package), json={"version": 3})) == {"/version"}
    assert pointers(api.patch(where(package), json=["retail"])) == {""}
    assert ok(api.patch(where(package), json={})) == changed


def test_a_patch_is_judged_with_what_it_leaves_alone(api: httpx.Client) -> None:
    """rules 3: a match on any other frequency is refused, also when the frequency alone is changed."""
    package = a_package(api, frequency="monthly", frequency_match=[1])
    assert pointers(api.patch(where(package), json={"frequency": "daily"})) == {"/frequency_match"}
    assert ok(api.patch(where(package), json={"frequency": "daily", "frequency_match": None}))["frequency"] == "daily"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_stale_version_is_refused(api: httpx.Client, method: str) -> None:
    """contract: PUT, PATCH, DELETE honour If-Match (412)."""
    package = a_package(api)
    stale = api.get(where(package)).headers["etag"]
    fresh = api.patch(where(package), json={"name": "Newer"}).headers["etag"]
    body = None if method == "DELETE" else {"name": "Mine"}
    for tag in (stale, '"none"', "garbage", f"W/{fresh}"):
        problem(api.request(method, where(package), json=body, headers={"If-Match": tag}), 412, "version_mismatch")
    assert ok(api.get(where(package)))["name"] == "Newer"
    assert api.request(method, where(package), json=body, headers={"If-Match": fresh}).status_code in (200, 204)


def test_any_version_will_do_for_a_star(api: httpx.Client) -> None:
    """contract: If-Match."""
    package = a_package(api)
    ok(api.put(where(package), json={"name": "Mine"}, headers={"If-Match": "*"}))


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_unknown_package_is_not_found(api: httpx.Client, method: str) -> None:
    """contract: 404 not_found."""
    for package_id in (unique(), "a b", "a~b", "x" * 65, "%00"):
        body = None if method in ("GET", "DELETE") else {"name": "x"}
        answer = api.request(method, f"/packages/{package_id}", json=body)
        assert answer.status_code in ((404, 422) if method == "PUT" else (404,)), answer.text
        problem(answer, answer.status_code)


def test_prices_and_words_may_change_in_use_what_charges_days_may_not(api: httpx.Client) -> None:
    """rules 4: Edits: currency, type, frequency, match, minimum spend and destination are fixed (package_in_use, naming them)."""
    package = a_package(api, frequency="monthly", frequency_match=[1])
    an_assignment(api, a_customer(api), package)
    fixed = {"currency": "EUR", "frequency": "weekly", "frequency_match": ["mon"], "minimum_spend": True}
    refused = problem(api.patch(where(package), json=fixed | {"retail": "5"}), 409, "package_in_use")
    assert sorted(refused["fields"]) == sorted(fixed)
    kind = problem(api.patch(where(package), json={"type": "free_minutes", "destination": "^44"}), 409, "package_in_use")
    assert sorted(kind["fields"]) == ["destination", "type"]
    free = {"name": "N", "description": "D", "cost": "1.00", "retail": "2.00", "setup_cost": "3.00", "setup_retail": "4.00"}
    changed = ok(api.patch(where(package), json=free | {"minimum_days": 9}))
    assert {name: changed[name] for name in free} == free
    assert problem(api.patch(where(package), json={"connexcs_package": "asr"}), 409, "package_in_use")["fields"] == ["connexcs_package"]


def test_a_price_that_makes_an_assignments_amount_too_large_is_refused(api: httpx.Client) -> None:
    """rules 2: unit price x quantity stays below 10^15."""
    package = a_package(api, retail="1")
    an_assignment(api, a_customer(api), package, quantity=1_000_000)
    assert pointers(api.patch(where(package), json={"retail": "1000000000"})) == {"/retail"}
    ok(api.patch(where(package), json={"retail": "999999999.999999"}))


def test_a3_a_package_that_somebody_had_stays_fixed(api: httpx.Client) -> None:
    """rules 4: Edits: fixed for good once it was assigned, whatever became of the assignments."""
    package = a_package(api, retail="1", frequency="daily")
    customer = a_customer(api)
    ok(api.patch(where(package), json={"frequency": "weekly"}))
    planned = an_assignment(api, customer, package, start_date=day(3))
    assert problem(api.patch(where(package), json={"frequency": "daily"}), 409, "package_in_use")["assignments"] == 1
    ok(api.delete(path(planned)), 204)
    assert problem(api.patch(where(package), json={"frequency": "daily"}), 409, "package_in_use")["assignments"] == 0


def test_a3_a_copy_takes_what_is_left_out(api: httpx.Client) -> None:
    """rules 4: Edits: another rule is another package."""
    fields = {
        "name": "Line", "description": "D", "cost": "1.25", "retail": "2.50", "setup_cost": "0.10", "setup_retail": "10.00",
        "frequency": "monthly", "frequency_match": [1, 15], "connexcs_package": "asr", "minimum_days": 30,
    }  # fmt: skip
    package = ok(api.post("/packages", json=fields), 201)
    an_assignment(api, a_customer(api), package)
    same = ok(api.post("/packages", json={"copy_of": package["package_id"]}), 201)
    other = {"name": "Line, weekly", "frequency": "weekly", "frequency_match": ["mon"], "connexcs_package": None}
    copy = ok(api.post("/packages", json={"copy_of": package["package_id"]} | other), 201)
    assert {name: same[name] for name in fields} == fields
    assert {name: copy[name] for name in fields} == fields | other
    assert len({package["package_id"], same["package_id"], copy["package_id"]}) == 3
    assert (same["version"], copy["version"]) == (1, 1)
    ok(api.patch(where(copy), json={"frequency": "daily", "frequency_match": []}))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"copy_of": "nobody-has-it"}, {"/copy_of"}),
        ({"copy_of": "a b"}, {"/copy_of", "/name"}),
        ({"copy_of": 5, "name": "x"}, {"/copy_of"}),
        ({"copy_of": None}, {"/name"}),
    ],
)
def test_a3_what_is_no_package_is_not_copied(api: httpx.Client, body: Json, expected: set[str]) -> None:
    """contract: every bad field is named."""
    assert pointers(api.post("/packages", json=body)) == expected


def test_a3_rules_of_a_copy_are_checked(api: httpx.Client) -> None:
    """rules 3: match days need weekly or monthly."""
    package = a_package(api, frequency="monthly", frequency_match=[1])
    assert pointers(api.post("/packages", json={"copy_of": package["package_id"], "frequency": "daily"})) == {"/frequency_match"}


def test_a_package_in_use_cannot_be_deleted(api: httpx.Client) -> None:
    """rules 4: Deleting: package_in_use, with how many assignments have not ended."""
    package, customer = a_package(api), a_customer(api)
    first, _, _ = (an_assignment(api, customer, package, start_date=day(n)) for n in (1, 0, -1))
    assert problem(api.delete(where(package)), 409, "package_in_use")["assignments"] == 3
    ok(api.delete(path(first)), 204)
    assert problem(api.delete(where(package)), 409, "package_in_use")["assignments"] == 2


def test_a_deleted_package_is_hidden_but_stays_with_its_history(api: httpx.Client) -> None:
    """rules 4: Deleting: it can't be listed or assigned; what is there still shows it."""
    package, customer = a_package(api, retail="2"), a_customer(api)
    past = an_assignment(api, customer, package, start_date=day(-9), end_date=day(-1))
    ok(api.delete(where(package)), 204)
    problem(api.get(where(package)), 404, "not_found")
    problem(api.put(where(package), json={"name": "x"}), 404, "not_found")
    problem(api.delete(where(package)), 404, "not_found")
    assert package["package_id"] not in {one["package_id"] for one in pages(api, "/packages")}
    refused = api.post(f"/customers/{customer}/assignments", json={"package_id": package["package_id"], "start_date": day()})
    assert pointers(refused) == {"/package_id"}
    assert ok(api.get(path(past)))["package"]["retail"] == "2.00"


TABLE = [
    ("monthly", [15, 31], "2024-01-01", "2024-01-01", "2024-04-30", "01-15 01-31 02-15 02-29 03-15 03-31 04-15 04-30"),
    ("monthly", [29, 30, 31], "2023-02-01", "2023-02-01", "2023-03-31", "02-28 03-29 03-30 03-31"),
    ("monthly", [], "2024-01-31", "2024-01-31", "2024-05-01", "01-31 02-29 03-31 04-30"),
    ("weekly", ["mon", "thu"], "2024-02-26", "2024-02-26", "2024-03-10", "02-26 02-29 03-04 03-07"),
    ("weekly", [], "2024-02-27", "2024-01-01", "2024-03-10", "02-27 03-05"),
    ("daily", [], "2024-02-28", "2024-01-01", "2024-03-01", "02-28 02-29 03-01"),
    ("none", [], "2024-02-28", "2024-01-01", "2024-12-31", "02-28"),
    ("quarterly", [], "2023-11-30", "2024-01-01", "2024-09-30", "02-29 05-30 08-30"),
]  # fmt: skip


@pytest.mark.parametrize(("frequency", "match", "start", "since", "until", "expected"), TABLE)
def test_the_schedule_of_a_package(
    api: httpx.Client, frequency: str, match: list[Any], start: str, since: str, until: str, expected: str
) -> None:
    """rules 3: due dates, inclusive on both ends; `from` may lie before `start`."""
    package = a_package(api, frequency=frequency, frequency_match=match)
    answer = ok(api.get(where(package) + "/schedule", params={"start": start, "from": since, "to": until}))
    assert answer == {"due_dates": [f"{start[:4] if day.startswith('11') else until[:4]}-{day}" for day in expected.split()]}


def test_a_yearly_schedule_from_a_leap_day_does_not_drift(api: httpx.Client) -> None:
    """rules 3: dates are computed from the start date, never from the previous due date."""
    package = a_package(api, frequency="yearly")
    answer = api.get(where(package) + "/schedule", params={"start": "2024-02-29", "from": "2024-01-01", "to": "2028-12-31"})
    assert ok(answer)["due_dates"] == ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]


def test_a_schedule_is_asked_for_properly(api: httpx.Client) -> None:
    """contract: up to 10 years; every bad parameter is named."""
    schedule = where(a_package(api, frequency="daily")) + "/schedule"
    whole = ok(api.get(schedule, params={"start": "2024-01-01", "from": "2024-01-01", "to": "2033-12-31"}))["due_dates"]
    assert (len(whole), whole[0], whole[-1]) == (3653, "2024-01-01", "2033-12-31")
    assert pointers(api.get(schedule, params={"start": "2024-01-01", "from": "2024-01-01", "to": "2034-02-01"})) == {"/to"}
    assert pointers(api.get(schedule, params={"start": "2024-01-01", "from": "2024-02-01", "to": "2024-01-01"})) == {"/to"}
    assert pointers(api.get(schedule)) >= {"/start", "/to"}
    bad = {"start": "2024-1-1", "from": "2024-02-30", "to": "tomorrow", "until": "2024-01-01"}
    assert pointers(api.get(schedule, params=bad)) == {"/start", "/from", "/to", "/until"}
    problem(api.get(f"/packages/{unique()}/schedule", params={"start": day(), "from": day(), "to": day()}), 404, "not_found")


def test_a_package_charges_every_so_many_months(api: httpx.Client) -> None:
    made = api.post("/packages", json={"name": unique("sold"), "frequency": "monthly", "frequency_match": [31], "every": 2}).json()
    sold = f"/packages/{made['package_id']}"
    dates = api.get(f"{sold}/schedule", params={"start": "2031-01-10", "to": "2031-05-31"}).json()["due_dates"]
    assert (api.get(sold).json()["every"], dates) == (2, ["2031-01-31", "2031-03-31", "2031-05-31"])


@pytest.mark.parametrize(("frequency", "every"), [("monthly", 0), ("monthly", 121), ("yearly", 2), ("none", 2), ("daily", 367)])
def test_every_has_limits(api: httpx.Client, frequency: str, every: int) -> None:
    assert set(pointers(api.post("/packages", json={"name": unique("sold"), "frequency": frequency, "every": every}))) == {"/every"}


def test_proration_is_kept_and_fixed_once_assigned(api: httpx.Client) -> None:
    made = ok(api.post("/packages", json={"name": unique("sold"), "frequency": "monthly", "proration": "daily"}), 201)
    assert made["proration"] == "daily"
    customer = unique()
    ok(api.put(f"/customers/{customer}", json={}), 201)
    ok(api.post(f"/customers/{customer}/assignments", json={"package_id": made["package_id"], "start_date": day(1)}), 201)
    refused = problem(api.patch(f"/packages/{made['package_id']}", json={"proration": "none"}), 409, "package_in_use")
    assert refused["fields"] == ["proration"]


@pytest.mark.parametrize(
    "rule", [{"frequency": "none"}, {"frequency": "daily"}, {"frequency": "daily", "every": 1}], ids=["once", "daily", "daily every 1"]
)
def test_proration_needs_periods_of_more_than_a_day(api: httpx.Client, rule: dict[str, Any]) -> None:
    assert set(pointers(api.post("/packages", json={"name": unique("sold"), "proration": "daily", **rule}))) == {"/proration"}


def test_daily_proration_of_several_days(api: httpx.Client) -> None:
    rule = {"frequency": "daily", "every": 2, "proration": "daily"}
    assert ok(api.post("/packages", json={"name": unique("sold"), **rule}), 201)["proration"] == "daily"


@pytest.mark.parametrize("field", ["price_lists"])
def test_what_nobody_can_set_yet_is_no_field(api: httpx.Client, field: str) -> None:
    assert set(pointers(api.post("/packages", json={"name": unique("sold"), field: "daily"}))) == {f"/{field}"}
