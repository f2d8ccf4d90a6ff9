"""Doing what a form asks: shown first, written once it is confirmed, and kept in the audit trail."""

from collections.abc import Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from growthring.console.deeds import Deed
from growthring.console.pages import DEEDS
from growthring.console.render import render
from growthring.console.security import is_ours, safe_back, token
from growthring.console.visit import Visit
from growthring.kernel.errors import GrowthringError
from growthring.operations import audit

_MOST_FIELDS = 200
_LONGEST_TOLD = 500


async def fields_of(request: Request) -> dict[str, str]:
    """Return the fields of a form; files are no part of any."""
    form = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    return {key: value.replace("\0", "") for key, value in form.multi_items() if isinstance(value, str)}


def do(visit_of: Callable[[Request, str], Visit]) -> Callable[..., object]:
    """Return the endpoint of deeds.

    Args:
        visit_of: Makes the visit of a request at a path.
    """

    async def endpoint(request: Request, name: str) -> Response:
        form = await fields_of(request)
        return await run_in_threadpool(_do, request, name, form, visit_of)

    return endpoint


def _do(request: Request, name: str, form: dict[str, str], visit_of: Callable[[Request, str], Visit]) -> Response:
    deed = DEEDS.get(name)
    if deed is None:
        raise HTTPException(404)
    visit = visit_of(request, f"/do/{name}")
    given = {key: value.strip() for key, value in form.items() if key not in ("csrf", "confirmed", "back")}
    _require_leave(request, visit, deed, form, given)
    back = safe_back(form.get("back", "/"))
    try:
        if form.get("confirmed") == "yes":
            request.session["done"] = _done(visit, deed, given)[:_LONGEST_TOLD]
            return RedirectResponse(visit.leads_to or back, status_code=303)
        told = deed.told(visit, given)
    except GrowthringError as error:
        return _asked(request, visit, deed, given, back, error=error)
    return _asked(request, visit, deed, given, back, told=told)


def _require_leave(request: Request, visit: Visit, deed: Deed, form: Mapping[str, str], given: Mapping[str, str]) -> None:
    """Stop where the request is not one of this console's own forms, or whoever asks may not do this."""
    if not is_ours(request, form.get("csrf", "")):
        if "token" in request.session:  # without one, anybody's page could fill the trail
            _note(visit, deed, given, "refused", "not sent by a form of this session")
        raise HTTPException(403, visit.words("This form is out of date. Go back, reload the page and send it again."))
    if not visit.user.may(deed.needs):
        _note(visit, deed, given, "refused", f"needs the role {deed.needs}")
        needed, own = visit.words(deed.needs), visit.words(visit.user.role)
        raise HTTPException(403, visit.words("This needs the role {role}; yours is {own}.", role=needed, own=own))


def _done(visit: Visit, deed: Deed, given: Mapping[str, str]) -> str:
    try:
        done = deed.do(visit, given)
    except Exception as error:
        _note(visit, deed, given, "failed", str(error) if isinstance(error, GrowthringError) else type(error).__name__)
        raise
    _note(visit, deed, given, "done")
    return done


def _asked(
    request: Request, visit: Visit, deed: Deed, given: Mapping[str, str], back: str, *, told: object = (),
    error: GrowthringError | None = None,
) -> Response:  # fmt: skip
    html = render(
        "confirm.html", visit, deed=deed, told=told, error=error, given=given, back=back, csrf=token(request), page=None
    )
    return HTMLResponse(html, 422 if error else 200)


def _note(visit: Visit, deed: Deed, given: Mapping[str, str], outcome: str, detail: str = "") -> None:
    about = "; ".join(f"{name}: {value}" for name, value in given.items() if value)
    user = visit.user
    audit.record(visit.project, deed.name, author=user.name, role=user.role, about=about, outcome=outcome, detail=detail)
