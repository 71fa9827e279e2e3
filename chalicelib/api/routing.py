"""The one way a route is made: parse, call, answer; errors become problem documents here and nowhere else."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from chalice.app import Blueprint, IAMAuthorizer, Response

from .. import deployment, telling
from ..domain.errors import BillingError, Fault, Invalid, MayNotCharge, Misconfigured, Throttled
from ..storage.db import Budget
from ..telling import Told
from ..usecases.act import Act
from ..wire import jsontext
from . import access, callers, formats, idempotent, problems, query
from .access import Caller
from .call import JSON_TYPES, PATCH_TYPES, Answer, Call, checked_params, csv_body, json_body
from .formats import Renderer
from .query import Parameter

NO_PARAMETERS: Final[Mapping[str, Parameter]] = {}
ONLY_JSON: Final[Mapping[str, Renderer]] = {}
View = Callable[[Call], Answer]
WITH_BODY: Final = ("POST", "PUT", "PATCH")
MOST_CALLS: Final = 3000
"""Calls of the database that a request may make: what fits, one after the other, into the 29 seconds that the gateway waits."""
_LOGGED_IDS: Final = {"customer_id": "customer", "customer": "customer"} | {
    name: name for name in ("run_id", "package_id", "assignment_id", "entry_id")
}


def never(_: Any) -> bool:
    """As `live`, of a route that only looks, although it is a POST."""
    return False


class Route(NamedTuple):
    """What a route promises; `route` says what its parts mean. `scopes` are those of which it needs one, none when it is public."""

    method: str
    path: str
    query: Mapping[str, Parameter]
    ordered: tuple[tuple[str, str], ...]
    body: bool
    live: Callable[[Any], bool | None] | None
    public: bool
    scopes: tuple[str, ...]
    view: View
    forms: Mapping[str, Renderer] = ONLY_JSON
    reads: str = formats.JSON


ROUTES: Final[list[Route]] = []
"""Every route there is, in the order of registration: what the API's own description is made from."""


def route(  # noqa: PLR0913 - what a route promises, each by its name
    blueprint: Blueprint,
    method: str,
    path: str,
    *,
    parameters: Mapping[str, Parameter] = NO_PARAMETERS,
    ordered: tuple[tuple[str, str], ...] = (),
    body: bool = True,
    live: Callable[[Any], bool | None] | None = None,
    public: bool = False,
    scope: tuple[str, ...] = (),
    forms: Mapping[str, Renderer] = ONLY_JSON,
    reads: str = formats.JSON,
) -> Callable[[View], View]:
    """Register a view.

    `parameters` are those of its query, `ordered` pairs of dates among them; `body` says whether a writing method needs one.
    `public` routes are open to all; others name the `scope` that a token needs, but for a GET, which needs `billing:read`.
    `live(json)` tells a live run from a simulation, None where the body doesn't say; then `scope` has two: what a simulation
    needs and what a live run needs. `never` is for routes that only simulate. A simulation ignores `Idempotency-Key`, which counts
    on every other POST.
    `forms` are the media types besides JSON that answers are written as; `reads` is the body's: `CSV` for a file, which gets to
    the view as its text, `csv`, with the query.
    """

    def register(view: View) -> View:
        scopes = access.scopes(method, path, scope, public=public)
        promised = Route(method, path, parameters, ordered, body, live, public, scopes, view, forms, reads)
        ROUTES.append(promised)

        def endpoint(**params: str) -> Response:
            request: Any = blueprint.current_request
            with telling.request(request, blueprint.lambda_context) as told:
                told.add(method=method, route=path)
                response = _respond(lambda: _answer(request, promised, params, told), told)
                told.add(status=response.status_code)
            response.headers[telling.CORRELATION_HEADER] = told.correlation_id
            return response

        endpoint.__name__ = view.__name__
        authorizer = None if public else _authorizer()
        blueprint.route(path, methods=[method], content_types=["*/*"], authorizer=authorizer)(endpoint)
        return view

    return register


def _authorizer() -> IAMAuthorizer | None:
    """What API Gateway checks before a call gets here; decided when the stack is packaged. Raises `Misconfigured`.

    It knows nothing of tokens of an OIDC issuer: these are checked here (`callers`).
    """
    mode = deployment.auth_mode()
    if mode not in ("iam", "jwt", "none"):
        raise Misconfigured(f"AUTH_MODE is {mode}; iam, jwt and none are served")
    return IAMAuthorizer() if mode == "iam" else None


def _answer(request: Any, route_: Route, written: dict[str, str], told: Told) -> Response:
    method = route_.method
    who = callers.identified(request, public=route_.public)
    told.add(caller=who.name)
    who.demand(route_.scopes)
    params = checked_params(written, creates=method == "PUT")
    told.add(**_ids(params))
    known = query.read(request, route_.query, ordered=route_.ordered)
    parsed = _body(request, route_, known) if method in WITH_BODY else None
    live = route_.live and route_.live(parsed)
    if live is not None:
        who.demand(route_.scopes[live : live + 1])
    services, changes = deployment.services(told.correlation_id), method != "GET" and live is not False
    bounded = services._replace(db=services.db.within(_budget(changes)))
    form = formats.chosen(request.headers.get("accept", ""), (formats.JSON, *route_.forms))

    def view(act: Act) -> Response:
        slashed = str(request.context.get("path", "")).endswith("/")
        answer = _viewed(route_, Call(bounded, act, params, known, request.headers, parsed, form, slashed), who)
        told.add(**_ids(answer.body))
        told.bring(answer.brought)
        return _shown(answer)

    def work(act: Act) -> Response:
        return _respond(lambda: view(act), told)

    key = request.headers.get("idempotency-key")
    if key is not None and method == "POST" and (route_.live is None or live):
        made = idempotent.answered(services.db, who, json.dumps([method, request.path, params]), key, parsed, work)
    else:
        made = work(deployment.act(who.name))
    return formats.written(made, form, route_.forms, route_.path.format(**params), request.query_params or {}, changes=changes)


def _budget(changes: bool) -> Budget:
    """What a request may ask of the database. One that changes something is sent again and goes on where it stopped; another asks less."""
    told = f"this takes more than {MOST_CALLS} calls of the database"
    if changes:
        return Budget(MOST_CALLS, Throttled(f"{told}; send it again, it goes on where it stopped"))
    return Budget(MOST_CALLS, Invalid([Fault("", f"{told}: ask page by page with limit and cursor, or for less")], code="too_many"))


def _viewed(route_: Route, call: Call, who: Caller) -> Answer:
    """The view's answer to this caller. Some changes charge, which use cases find out; what that needs is named here."""
    allowed = call.act._replace(may_charge=access.CHARGE in who.scopes)
    try:
        return route_.view(call._replace(act=allowed, may_read=access.READ in who.scopes))
    except MayNotCharge as error:
        raise who.refusal((access.CHARGE,), error.detail) from None


def _body(request: Any, route_: Route, known: Mapping[str, Any]) -> Any:
    """The body as the route reads it."""
    if route_.reads == formats.CSV:
        return {"dry_run": True, **known, "csv": csv_body(request)}
    parsed = json_body(request, PATCH_TYPES if route_.method == "PATCH" else JSON_TYPES, required=route_.body)
    if parsed and not route_.body:
        names = [jsontext.pointer(name) for name in parsed] if isinstance(parsed, dict) else [""]
        raise Invalid([Fault(name, "this request takes no body") for name in names])
    return parsed


def _shown(answer: Answer) -> Response:
    """The answer as values still: what is kept for an `Idempotency-Key` may be asked for in another form."""
    headers: dict[str, str | list[str]] = {"Content-Type": formats.JSON, **answer.headers}
    return Response("" if answer.body is None else answer.body, headers, answer.status)


def _ids(found: Any) -> dict[str, str]:
    """Whom and what a call was about, for the log."""
    found = found if isinstance(found, Mapping) else {}
    return {_LOGGED_IDS[name]: value for name, value in found.items() if name in _LOGGED_IDS and value is not None}


def _respond(make: Callable[[], Response], told: Told) -> Response:
    """The response, or the problem document of what was raised."""
    try:
        return make()
    except BillingError as error:
        told.fail(error)
        return problems.answer(error)
    except Exception as error:  # noqa: BLE001 - a caller gets a 500 with a request id, whatever it is
        told.fail(error)
        return problems.unforeseen(told.fields["request_id"])


def tagged(body: dict[str, Any], status: int = 200, *, location: str | None = None) -> Answer:
    """A resource with its ETag, and where it lives when it is new, relative to the request's own URL: a stage may stand before it."""
    headers = {"ETag": f'"{body["version"]}"'}
    return Answer(body, status, headers | ({"Location": location} if location else {}))
