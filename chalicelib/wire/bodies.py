"""Request bodies. All faults of a body, of single fields and across fields, are reported at once."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..domain import money, package
from ..domain.deciding import IfCharged, RunRequest
from ..domain.errors import Fault, Invalid
from ..domain.minutes import Call
from ..domain.package import Package, PackageType, Proration
from ..domain.schedule import Frequency
from .fault_words import fault_sentence
from .fields import (
    DIGEST_PATTERN,
    AccountingCode,
    Called,
    ConnexcsPackage,
    Currency,
    Day,
    Destination,
    Every,
    Flag,
    Id,
    Instant,
    KnownDid,
    MatchDay,
    MinimumDays,
    Name,
    Price,
    RunId,
    Simulate,
    SimulateOnly,
    Text,
)  # fmt: skip
from .jsontext import pointer
from .notice_fields import NoticeDays

READ_ONLY = frozenset(("version", "created_at", "created_by", "updated_at", "updated_by"))


class Body(BaseModel):
    """A request body: unknown fields are refused. `read_only` is what GET adds."""

    model_config = ConfigDict(extra="forbid", defer_build=True)
    read_only: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def cross(cls, values: Mapping[str, Any]) -> Iterator[Fault]:  # noqa: ARG003 - for the bodies that have rules across fields
        """Faults between well-formed fields; `values` lacks those that are faulty by themselves."""
        return iter(())

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> dict[str, Any]:
        """What of an answer can be sent back."""
        return {name: value for name, value in answer.items() if name in cls.model_fields}


class PackageBody(Body):
    """A package as callers write it."""

    read_only = READ_ONLY | {"package_id", "next_prices", "effective_from", "assignments", "warnings"}

    name: Name
    description: Text = ""
    currency: Currency | None = None
    cost: Price = money.ZERO
    retail: Price = money.ZERO
    setup_cost: Price = money.ZERO
    setup_retail: Price = money.ZERO
    frequency: Frequency = "none"
    frequency_match: Annotated[list[MatchDay], Field(max_length=31)] = []
    every: Every = 1
    connexcs_package: ConnexcsPackage | None = None
    minimum_days: MinimumDays = 0
    type: PackageType = "standard"
    destination: Destination = ""
    minimum_spend: Flag = False
    proration: Proration = "none"
    account_code: AccountingCode | None = None
    tax_code: AccountingCode | None = None
    notice_days: NoticeDays | None = None

    @classmethod
    def cross(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        """Match, `every` and proration against frequency, destination against type, minimum spend against frequency."""
        return package.field_faults(values)

    def applied(self, old: Package, default_currency: str) -> Package:
        """The package with these fields."""
        fields = {name: getattr(self, name) for name in PackageBody.model_fields}
        match = package.parse_match(self.frequency, tuple(self.frequency_match))
        notice_days = None if self.notice_days is None else tuple(self.notice_days)
        made = {"currency": self.currency or default_currency, "frequency_match": match, "notice_days": notice_days}
        return old._replace(**fields | made)


class NewPackageBody(PackageBody):
    """A package to be made, from nothing or as a copy of another one. Described as `PackageBody`, whose name a copy may leave out."""

    model_config = ConfigDict(title="PackageBody", json_schema_extra={"required": []})

    copy_of: Id | None = None


class SimulationBody(Body):
    """A Run Package that is simulated, never live."""

    customer: Id | None = None
    simulate: SimulateOnly = True
    date: Day | None = None
    run_id: RunId | None = None
    if_charged: IfCharged | None = None
    include_written_off: Flag = False

    def request(self, today: Day, run_id: str) -> RunRequest:
        """What is asked for, with what is left out."""
        return RunRequest(
            self.customer, self.date or today, self.if_charged or "charge_again", self.run_id or run_id, self.include_written_off
        )


class KeepableSimulationBody(SimulationBody):
    """A Run Package that is simulated, and kept if asked for."""

    keep: Flag = False

    @classmethod
    def cross(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        """What is kept is of all customers."""
        if values.get("keep") and values.get("customer"):
            yield Fault("/keep", "is for a simulation of all customers; that of one has a digest, which POST /runs takes as expect")


class RunBody(SimulationBody):
    """A Run Package."""

    simulate: Simulate = True
    expect: Id | None = None

    @classmethod
    def cross(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        """A live run of all customers says what to do with charged lines. One that is to post what was seen says what that was."""
        customer, simulate = values.get("customer", "faulty"), values.get("simulate", "faulty")
        if (customer, simulate, values.get("if_charged", "faulty")) == (None, False, None):
            yield Fault("/if_charged", "is required for a live run of all customers: charge_again or skip")
        expect = values.get("expect")
        if expect and simulate is True:
            yield Fault("/expect", "is for a live run: it says what was seen")
        elif expect and customer not in (None, "faulty") and not DIGEST_PATTERN.fullmatch(expect):
            yield Fault("/expect", "must be the digest of the customer's simulation: 64 hexadecimal digits")

    def request(self, today: Day, run_id: str) -> RunRequest:
        """The same with what is expected of it."""
        return super().request(today, run_id)._replace(expect=self.expect)


class CallBody(Body):
    """A call as a switch tells it."""

    call_id: Id
    started_at: Instant
    destination: Called
    seconds: Annotated[int, Field(ge=0, le=1_000_000, strict=True)]
    charge: Price
    did: KnownDid | None = None

    def call(self, zone: ZoneInfo) -> Call:
        """The call, on its day in the billing time zone."""
        day = self.started_at.astimezone(zone).date()
        return Call(self.call_id, self.started_at.isoformat(), day, self.destination, self.seconds, self.charge, self.did)


CallBatch = Annotated[list[CallBody], Field(min_length=1, max_length=100)]


class UsageBody(Body):
    """A batch of calls."""

    calls: CallBatch


class UsageMessage(UsageBody):
    """A batch of calls of a customer, by queue."""

    customer: Id


class EvaluationBody(Body):
    """What an invocation of the daily evaluation may say. `check` asks how late it is, and begins nothing."""

    date: Day | None = None
    allow_future: Flag = False
    check: Flag = False


B = TypeVar("B", bound=Body)


def parse(model: type[B], raw: Any) -> B:
    """The body, or `Invalid` with every fault: of fields, of unknown fields, and between the fields that are well-formed."""
    if not isinstance(raw, dict):
        raise Invalid([Fault("", "must be an object")])
    try:
        body = model.model_validate(raw)
    except ValidationError as error:
        faults = _validation_faults(error)
        values = _well_formed(model, raw, {fault.pointer.split("/")[1] for fault in faults})
        raise Invalid([*faults, *model.cross(values)]) from None
    faults = list(model.cross({name: getattr(body, name) for name in model.model_fields}))
    if faults:
        raise Invalid(faults)
    return body


def _validation_faults(error: ValidationError) -> list[Fault]:
    """One fault a place: a field that fits none of several types is told once."""
    found: dict[str, Fault] = {}
    for detail in error.errors(include_url=False, include_input=False):
        where = pointer(*detail["loc"])
        found.setdefault(where, Fault(where, fault_sentence(detail)))
    return list(found.values())


def _well_formed(model: type[B], raw: dict[str, Any], bad: set[str]) -> dict[str, Any]:
    """The fields that are not faulty by themselves, with their values or defaults."""
    values = {}
    for name, field in model.model_fields.items():
        if name in bad:
            continue
        if name in raw:
            scratch = model.model_construct()
            model.__pydantic_validator__.validate_assignment(scratch, name, raw[name])
            values[name] = getattr(scratch, name)
        else:
            values[name] = field.default
    return values


def merge_patch(current: Mapping[str, Any], patch: Any) -> dict[str, Any]:
    """RFC 7396 on the top level, which is all the depth that resources have: null takes a field back to its default."""
    if not isinstance(patch, dict):
        raise Invalid([Fault("", "must be an object")])
    result = dict(current) | patch
    return {name: value for name, value in result.items() if name not in patch or value is not None}
