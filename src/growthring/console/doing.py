"""Doing what a form asks: shown first, written once it is confirmed, and kept in the audit trail.

What takes seconds is begun, and its page shows how far it is, by the parameter ``doing`` of its URL, until it is done.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from growthring.console.asked import Asked
from growthring.console.blocks import Block, Note, Waiting
from growthring.console.deeds import AnyDeed, LongDeed
from growthring.console.desk import StillWorkingError
from growthring.console.pages import DEEDS
from growthring.console.render import render
from growthring.console.security import is_ours, safe_back, token
from growthring.console.visit import Section, Visit, how_far, refusal
from growthring.kernel.errors import GrowthringError
from growthring.operations import audit

_MOST_FIELDS = 200
_LONGEST_TOLD = 500
_PATIENCE = 0.45
"""Seconds that whoever sends a form waits for its page."""

UNDER_WAY = "doing"
"""Parameter of a page's URL that names what was begun from it, and the section that shows it."""


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


def under_way(visit: Visit) -> Sequence[Section]:
    """Return the section that shows what was begun from a page, where its URL names something."""
    return (Section(UNDER_WAY, "", _under_way),) if visit.asked.get(UNDER_WAY) else ()


def said(visit: Visit) -> str:
    """Return what was done by the deed that a page's URL names; nothing while it goes on, or where it came to nothing."""
    try:
        return _outcome(visit)
    except (StillWorkingError, GrowthringError):
        return ""


def _under_way(visit: Visit) -> Iterable[Block]:
    _ = visit.words
    try:
        done = _outcome(visit)
    except GrowthringError as error:
        yield replace(refusal(error), state="error")
        return
    if done:
        yield Note(done, state="done")
    else:
        yield Note(_("Nobody knows any more what was begun here."), _("What was written stands on the pages and in the journal."))


def _outcome(visit: Visit) -> str:
    name, __, key = visit.asked.get(UNDER_WAY).partition(".")
    deed = DEEDS.get(name)
    answer = visit.desk.outcome(visit.project, key, visit.left())
    return deed.said(visit, answer)[:_LONGEST_TOLD] if isinstance(deed, LongDeed) and answer else ""


def _do(request: Request, name: str, form: dict[str, str], visit_of: Callable[[Request, str], Visit]) -> Response:
    deed = DEEDS.get(name)
    if deed is None:
        raise HTTPException(404)
    visit = visit_of(request, f"/do/{name}")
    given = {key: value.strip() for key, value in form.items() if key not in ("csrf", "confirmed", "back")}
    _require_leave(request, visit, deed, form, given)
    back = safe_back(form.get("back", "/"))
    visit.asked, visit.patience = _page_at(back), _PATIENCE
    try:
        if form.get("confirmed") == "yes":
            leads_to, request.session["done"] = _done(visit, deed, given, back)
            return RedirectResponse(leads_to, status_code=303)
        told = deed.told(visit, given)
    except GrowthringError as error:
        return _asked(request, visit, deed, given, back, error=error)
    except StillWorkingError as still:  # what the deed rests on has to be computed first; it is confirmed as it will be then
        return _asked(request, visit, deed, given, back, waiting=how_far(still.work))
    return _asked(request, visit, deed, given, back, told=told)


def _page_at(back: str) -> Asked:
    parts = urlsplit(back)
    return Asked(parts.path, dict(parse_qsl(parts.query)))


def _require_leave(request: Request, visit: Visit, deed: AnyDeed, form: Mapping[str, str], given: Mapping[str, str]) -> None:
    """Stop where the request is not one of this console's own forms, or whoever asks may not do this."""
    if not is_ours(request, form.get("csrf", "")):
        if "token" in request.session:  # without one, anybody's page could fill the trail
            _note(visit, deed, given, "refused", "not sent by a form of this session")
        raise HTTPException(403, visit.words("This form is out of date. Go back, reload the page and send it again."))
    if not visit.user.may(deed.needs):
        _note(visit, deed, given, "refused", f"needs the role {deed.needs}")
        needed, own = visit.words(deed.needs), visit.words(visit.user.role)
        raise HTTPException(403, visit.words("This needs the role {role}; yours is {own}.", role=needed, own=own))


def _done(visit: Visit, deed: AnyDeed, given: Mapping[str, str], back: str) -> tuple[str, str]:
    """Do a deed; return where its reader goes, and what was done: nothing while it goes on."""
    if isinstance(deed, LongDeed):
        return _begun(visit, deed, given, back)
    try:
        done = deed.do(visit, given)
    except StillWorkingError:
        raise
    except Exception as error:
        _note(visit, deed, given, "failed", _why(error))
        raise
    _note(visit, deed, given, "done")
    return visit.leads_to or back, done[:_LONGEST_TOLD]


def _begun(visit: Visit, deed: LongDeed, given: Mapping[str, str], back: str) -> tuple[str, str]:
    def leads_to(key: str) -> str:
        return visit.asked.url(**{UNDER_WAY: f"{deed.name}.{key}"})

    def ended(error: Exception | None) -> None:
        _note(visit, deed, given, "failed" if error else "done", _why(error) if error else "")

    work = visit.desk.begin(deed.operation, href=leads_to, ended=ended, project=visit.project, **deed.asks(visit, given))
    try:
        answer = visit.desk.outcome(visit.project, work.key, visit.left())
    except StillWorkingError:
        return work.href, ""
    return back, deed.said(visit, answer)[:_LONGEST_TOLD] if answer else ""


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, GrowthringError) else type(error).__name__


def _asked(
    request: Request, visit: Visit, deed: AnyDeed, given: Mapping[str, str], back: str, *, told: object = (),
    error: GrowthringError | None = None, waiting: Waiting | None = None,
) -> Response:  # fmt: skip
    html = render(
        "confirm.html", visit, deed=deed, told=told, error=error, waiting=waiting, given=given, back=back, csrf=token(request),
        page=None,
    )  # fmt: skip
    return HTMLResponse(html, 422 if error else 200)


def _note(visit: Visit, deed: AnyDeed, given: Mapping[str, str], outcome: str, detail: str = "") -> None:
    about = "; ".join(f"{name}: {value}" for name, value in given.items() if value)
    user = visit.user
    audit.record(visit.project, deed.name, author=user.name, role=user.role, about=about, outcome=outcome, detail=detail)
