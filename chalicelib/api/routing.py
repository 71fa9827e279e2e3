"""The one way a route is made: parse, call, answer; errors become problem documents here and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeVar

from chalice.app import Blueprint, IAMAuthorizer, Response

from .. import deployment, logging_context
from ..domain.errors import BillingError, Fault, Invalid, MayNotCharge, MayNotWrite, Misconfigured, Throttled
from ..logging_context import LogContext
from ..storage.db import Budget
from ..usecases.request_context import RequestContext
from ..wire import answers
from . import access, callers, formats, idempotent, problems, query
from .access import READ, Caller
from .call import Answer, BodyReader, Call, Sent, checked_params, file_sent, json_sent, nothing_sent, patch_sent, unread
from .formats import Renderer
from .query import OFF, ON, Parameter

NO_PARAMETERS: Final[Mapping[str, Parameter]] = {}
ONLY_JSON: Final[Mapping[str, Renderer]] = {}
View = TypeVar("View", bound=Callable[[Call], Answer[Any]])
Tagged = TypeVar("Tagged", bound="answers.Versioned")
Live = Callable[[Sent, Mapping[str, Any]], bool | None]
"""Whether a body, with the query, asks for a live run or only for a simulation; None when it doesn't say."""
WITH_BODY: Final = ("POST", "PUT", "PATCH")
DATABASE_CALLS_MAX: Final = 3000
"""Calls of the database that a request may make: what fits, one after the other, into the 29 seconds that the gateway waits."""
_LOGGED_IDS: Final = {"customer_id": "customer", "customer": "customer"} | {
    name: name for name in ("run_id", "package_id", "assignment_id", "entry_id")
}


def never(_sent: Sent, _query: Mapping[str, Any]) -> bool:
    """As `Live`, of a route that only looks, although it is a POST."""
    return False


def _writes(_sent: Sent, query: Mapping[str, Any]) -> bool:
    """As `Live`, of what may be a dry run, which stores nothing, not even its answer."""
    return not query["dry_run"]


class Route(NamedTuple):
    """What a route promises: what the API's own description is made from.

    A caller's token needs one of `scopes`; there are none for a route that is open to all. A route with `live` has two at most: what
    a simulation needs and what a live run needs. A simulation ignores `Idempotency-Key`, which counts on every other POST.
    `reads` takes the body. `forms` are the media types besides JSON that answers are written as.
    """

    method: str
    path: str
    view: Callable[[Call], Answer[Any]]
    scopes: tuple[str, ...]
    query: Mapping[str, Parameter] = NO_PARAMETERS
    reads: BodyReader = unread
    live: Live | None = None
    forms: Mapping[str, Renderer] = ONLY_JSON

    @property
    def public(self) -> bool:
        """Whether it is open to all."""
        return not self.scopes


ROUTES: Final[list[Route]] = []
"""Every route there is, in the order of registration."""


def public(blueprint: Blueprint, path: str) -> Callable[[View], View]:
    """A GET that is open to all."""
    return _route(blueprint, "GET", path)


def get(
    blueprint: Blueprint, path: str, query: Mapping[str, Parameter] = NO_PARAMETERS, *, forms: Mapping[str, Renderer] = ONLY_JSON
) -> Callable[[View], View]:
    """A GET, with the parameters of its query; it needs `billing:read`."""
    return _route(blueprint, "GET", path, READ, query=query, forms=forms)


def post(blueprint: Blueprint, path: str, scope: str) -> Callable[[View], View]:
    """A POST of JSON that makes something."""
    return _route(blueprint, "POST", path, scope, reads=json_sent)


def action(blueprint: Blueprint, path: str, scope: str, query: Mapping[str, Parameter] = NO_PARAMETERS) -> Callable[[View], View]:
    """A POST without a body: its path and its query say all."""
    return _route(blueprint, "POST", path, scope, query=query, reads=nothing_sent)


def put(blueprint: Blueprint, path: str, scope: str, query: Mapping[str, Parameter] = NO_PARAMETERS) -> Callable[[View], View]:
    """A PUT of JSON, with the parameters of its query."""
    return _route(blueprint, "PUT", path, scope, query=query, reads=json_sent)


def patch(blueprint: Blueprint, path: str, scope: str) -> Callable[[View], View]:
    """A PATCH with a merge patch (RFC 7396)."""
    return _route(blueprint, "PATCH", path, scope, reads=patch_sent)


def delete(blueprint: Blueprint, path: str, scope: str) -> Callable[[View], View]:
    """A DELETE."""
    return _route(blueprint, "DELETE", path, scope)


def run_route(
    blueprint: Blueprint, path: str, scope: str, *live_scope: str, live: Live = never, forms: Mapping[str, Renderer]
) -> Callable[[View], View]:
    """A POST of JSON that simulates, which needs `scope`; with `live` it may also post, which needs `live_scope`."""
    return _route(blueprint, "POST", path, scope, *live_scope, reads=json_sent, live=live, forms=forms)


def file_route(blueprint: Blueprint, path: str, scope: str) -> Callable[[View], View]:
    """A POST of a CSV file, which is only checked unless `dry_run=false`."""
    query = {"dry_run": ON, "confirm_backlog": OFF, "again": OFF}
    return _route(blueprint, "POST", path, scope, scope, query=query, reads=file_sent, live=_writes)


def step_route(blueprint: Blueprint, path: str, scope: str) -> Callable[[View], View]:
    """A POST of JSON that makes something unless `dry_run=true`, which only says what it would make."""
    return _route(blueprint, "POST", path, scope, scope, query={"dry_run": OFF}, reads=json_sent, live=_writes)


def check_route(blueprint: Blueprint, path: str) -> Callable[[View], View]:
    """A POST of a CSV file that is only checked; it needs `billing:read`."""
    return _route(blueprint, "POST", path, READ, reads=file_sent, live=never)


def list_route(blueprint: Blueprint, path: str, scope: str, query: Mapping[str, Parameter]) -> Callable[[View], View]:
    """A POST of a long list as a CSV file, which makes something of it."""
    return _route(blueprint, "POST", path, scope, query=query, reads=file_sent)


def _route(blueprint: Blueprint, method: str, path: str, *scopes: str, **promises: Any) -> Callable[[View], View]:
    def register(view: View) -> View:
        route = Route(method, path, view, scopes, **promises)
        ROUTES.append(route)

        def respond(request: Any, params: dict[str, str], log: LogContext) -> Response:
            return _perform(request, route, params, log)

        serve(blueprint, method, path, view.__name__, respond, None if route.public else _authorizer())
        return view

    return register


def serve(
    blueprint: Blueprint,
    method: str,
    path: str,
    name: str,
    respond: Callable[[Any, dict[str, str], LogContext], Response],
    authorizer: IAMAuthorizer | None = None,
) -> None:
    """Answer requests to a path: with a line in the log and the correlation id each, and with a problem document for what is raised."""

    def endpoint(**params: str) -> Response:
        request: Any = blueprint.current_request
        with logging_context.request(request, blueprint.lambda_context) as log:
            log.add(method=method, route=path)
            response = _respond(lambda: respond(request, params, log), log)
            log.add(status=response.status_code)
        response.headers[logging_context.CORRELATION_HEADER] = log.correlation_id
        return response

    endpoint.__name__ = name
    blueprint.route(path, methods=[method], content_types=["*/*"], authorizer=authorizer)(endpoint)


def _authorizer() -> IAMAuthorizer | None:
    """What API Gateway checks before a call gets here; decided when the stack is packaged. Raises `Misconfigured`.

    It knows nothing of tokens of an OIDC issuer: these are checked here (`callers`).
    """
    mode = deployment.auth_mode()
    if mode not in ("iam", "jwt", "none"):
        raise Misconfigured(f"AUTH_MODE is {mode}; iam, jwt and none are served")
    return IAMAuthorizer() if mode == "iam" else None


def _perform(request: Any, route: Route, written: dict[str, str], log: LogContext) -> Response:
    method = route.method
    who = callers.identified(request, public=route.public)
    log.add(caller=who.name)
    who.demand(route.scopes)
    params = checked_params(written, creates=method == "PUT")
    log.add(**_logged_ids(params))
    known = query.read_query(request, route.query)
    sent = route.reads(request)
    live = route.live and route.live(sent, known)
    if live is not None:
        who.demand(route.scopes[live : live + 1])
    services, changes = deployment.services(log.correlation_id), method != "GET" and live is not False
    bounded = services._replace(db=services.db.within(_budget(changes)))
    form = formats.chosen(request.headers.get("accept", ""), (formats.JSON, *route.forms))

    def view(context: RequestContext) -> Response:
        slashed = str(request.context.get("path", "")).endswith("/")
        answer = _viewed(route, Call(bounded, context, params, known, request.headers, *sent, form, slashed), who)
        log.add(**_logged_ids(answer.body))
        log.add_work(answer.work_result)
        return _to_response(answer)

    def work(context: RequestContext) -> Response:
        return _respond(lambda: view(context), log)

    key = request.headers.get("idempotency-key")
    if key is not None and method == "POST" and (route.live is None or live):
        made = idempotent.answered(services.db, who, json.dumps([method, request.path, params]), key, _content(route, sent, known), work)
    else:
        made = work(deployment.request_context(who.name))
    return formats.write_response(made, form, route.forms, route.path.format(**params), request.query_params or {}, changes=changes)


def _budget(changes: bool) -> Budget:
    """What a request may ask of the database. One that changes something is sent again and goes on where it stopped; another asks less."""
    cost = f"this takes more than {DATABASE_CALLS_MAX} calls of the database"
    if changes:
        return Budget(DATABASE_CALLS_MAX, Throttled(f"{cost}; send it again, it continues where it stopped"))
    return Budget(DATABASE_CALLS_MAX, Invalid([Fault("", f"{cost}: ask page by page with limit and cursor, or for less")], code="too_many"))


def _viewed(route: Route, call: Call, who: Caller) -> Answer[Any]:
    """The view's answer to this caller. Some changes charge, which use cases find out; what that needs is named here."""
    allowed = call.context._replace(may_charge=access.CHARGE in who.scopes)
    try:
        return route.view(call._replace(context=allowed, may_read=access.READ in who.scopes, may_write=access.WRITE_SCOPE in who.scopes))
    except MayNotCharge as error:
        raise who.refusal((access.CHARGE,), error.detail) from None
    except MayNotWrite as error:
        raise who.refusal((access.WRITE_SCOPE,), error.detail) from None
    except BillingError as error:
        if access.READ in who.scopes:
            error.extra = {**error.extra, **error.for_readers}
        raise


def _content(route: Route, sent: Sent, known: Mapping[str, Any]) -> Any:
    """What another request with the same key has to send as well. Former releases keep it by this content's hash, so a parameter
    counts only if it says something else than it does when it is left out, and JSON without such a one counts by itself."""
    said = {name: value for name, value in known.items() if value != route.query[name].default}
    if sent.csv is not None:
        return {**said, "csv": sent.csv}
    return {**said, "json": sent.json} if said else sent.json


def _to_response(answer: Answer[Any]) -> Response:
    """The answer as values still: what is kept for an `Idempotency-Key` may be asked for in another form."""
    headers: dict[str, str | list[str]] = {"Content-Type": formats.JSON, **answer.headers}
    return Response("" if answer.body is None else answer.body, headers, answer.status)


def _logged_ids(found: Any) -> dict[str, str]:
    """Whom and what a call was about, for the log."""
    found = found if isinstance(found, Mapping) else {}
    return {_LOGGED_IDS[name]: value for name, value in found.items() if name in _LOGGED_IDS and value is not None}


def _respond(make: Callable[[], Response], log: LogContext) -> Response:
    """The response, or the problem document of what was raised."""
    try:
        return make()
    except BillingError as error:
        log.fail(error)
        return problems.problem_response(error)
    except Exception as error:  # noqa: BLE001 - a caller gets a 500 with a request id, whatever it is
        log.fail(error)
        return problems.unforeseen(log.fields["request_id"])


def tagged(body: Tagged, status: int = 200, *, location: str | None = None) -> Answer[Tagged]:
    """A resource with its ETag, and where it lives when it is new, relative to the request's own URL: a stage may stand before it."""
    headers = {"ETag": f'"{body["version"]}"'}
    return Answer(body, status, headers | ({"Location": location} if location else {}))
