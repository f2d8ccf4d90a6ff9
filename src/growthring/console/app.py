"""The application: from requests to pages, their JSON twins, fragments, files and deeds."""

from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.staticfiles import StaticFiles

from growthring.charts import stylesheet
from growthring.console.access import User, local_user
from growthring.console.asked import Asked
from growthring.console.blocks import Table
from growthring.console.desk import Desk
from growthring.console.export import csv_of, xlsx_of
from growthring.console.pages import DEEDS, PAGES
from growthring.console.render import STATIC, as_json, render
from growthring.console.security import is_ours, secret, token, with_headers
from growthring.console.shown import shown
from growthring.console.visit import PageKind, Section, Visit, build
from growthring.console.words import LANGUAGES, Words
from growthring.kernel.errors import GrowthringError
from growthring.operations.project import Project

LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]", "testserver")
_YEAR = "public, max-age=31536000, immutable"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def create_app(root: Path, *, hosts: tuple[str, ...] = LOCAL_HOSTS, who: Callable[[Request], User] | None = None) -> FastAPI:
    """Return the console of a project.

    Args:
        root: The project's folder.
        hosts: Names the server answers to; others are refused, so that no other site's name leads here.
        who: Tells who asks; the person at this machine when absent.
    """
    project = Project.open(root)
    desk = Desk(project.root)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> Any:  # noqa: ANN401 - a generator of nothing
        yield
        desk.close()

    app = FastAPI(title="growthring", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.desk, app.state.who = desk, who or (lambda _: local_user())
    app.add_middleware(BaseHTTPMiddleware, dispatch=with_headers())
    app.add_middleware(SessionMiddleware, secret_key=secret(project.state), session_cookie="growthring", same_site="lax")
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))
    app.mount("/static", _Kept(directory=STATIC), name="static")
    app.get("/theme.css")(theme)
    app.get("/")(home)
    app.get("/part/{name}/{section}")(part)
    app.get("/export/{name}/{file}")(export)
    app.post("/do/{name}")(do)
    app.get("/{name}.json")(twin)
    app.get("/{name}")(page)
    app.exception_handler(HTTPException)(_refused)
    app.exception_handler(GrowthringError)(_failed)
    return app


class _Kept(StaticFiles):
    """Static files that browsers may keep: their address changes with their content."""

    def file_response(self, *args: Any, **options: Any) -> Response:  # noqa: ANN401 - starlette's signature
        response = super().file_response(*args, **options)
        response.headers["Cache-Control"] = _YEAR
        return response


def theme() -> Response:
    """Serve the colours of charts and pages."""
    return Response(stylesheet(), media_type="text/css")


def home(request: Request) -> Response:
    """Serve the first page."""
    return _page(request, "home")


def page(request: Request, name: str) -> Response:
    """Serve a page."""
    return _page(request, name)


def twin(request: Request, name: str) -> Response:
    """Serve a page as JSON, complete."""
    kind = _kind(name)
    visit = _visit(request, f"/{name}", patient=True)
    built = [build(section, visit) for section in kind.parts(visit)]
    return JSONResponse(as_json(kind, _heading(kind, visit), built, visit))


def part(request: Request, name: str, section: str) -> Response:
    """Serve one section of a page."""
    kind = _kind(name)
    visit = _visit(request, f"/{name}")
    built = build(_section(kind, visit, section), visit)
    return HTMLResponse(render("part.html", visit, page=kind, section=built, csrf=token(request)))


def export(request: Request, name: str, file: str) -> Response:
    """Serve all matching rows of a table as CSV or XLSX."""
    kind = _kind(name)
    table_name, _, ending = file.rpartition(".")
    visit = _visit(request, f"/{name}", patient=True)
    table = _table(kind, visit, table_name)
    if table is None or ending not in ("csv", "xlsx"):
        raise HTTPException(404)
    whole = Table(table.name, table.columns, shown(table, visit.asked, every=True).rows, table.title)
    held = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(f'growthring-{kind.name}-{table_name}.{ending}')}"}
    if ending == "csv":
        return StreamingResponse(csv_of(whole), media_type="text/csv; charset=utf-8", headers=held)
    about = [
        ("page", kind.name),
        ("table", table_name),
        ("address", visit.asked.url()),
        ("snapshot", visit.project.snapshot().snapshot_id),
    ]
    return Response(xlsx_of(whole, about), media_type=_XLSX, headers=held)


async def do(request: Request, name: str) -> Response:
    """Show what a form will write, or write it once it is confirmed."""
    from starlette.concurrency import run_in_threadpool

    form = {key: value for key, value in (await request.form()).multi_items() if isinstance(value, str)}
    return await run_in_threadpool(_do, request, name, form)


def _do(request: Request, name: str, form: dict[str, str]) -> Response:
    deed = DEEDS.get(name)
    if deed is None:
        raise HTTPException(404)
    visit = _visit(request, f"/do/{name}", patient=True)
    if not is_ours(request, form.get("csrf", "")):
        raise HTTPException(403, visit.words("This form is out of date. Go back, reload the page and send it again."))
    if not visit.user.may(deed.needs):
        raise HTTPException(403, visit.words("This needs the role {role}; yours is {own}.", role=deed.needs, own=visit.user.role))
    given = {key: value.strip() for key, value in form.items() if key not in ("csrf", "confirmed", "back")}
    back = form.get("back", "/")
    back = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    try:
        if form.get("confirmed") == "yes":
            request.session["done"] = deed.do(visit, given)
            return RedirectResponse(back, status_code=303)
        told = deed.told(visit, given)
    except GrowthringError as error:
        return HTMLResponse(
            render(
                "confirm.html", visit, deed=deed, told=[], error=error, given=given, back=back, csrf=token(request), page=None
            ),
            422,
        )
    return HTMLResponse(
        render("confirm.html", visit, deed=deed, told=told, error=None, given=given, back=back, csrf=token(request), page=None)
    )


def _page(request: Request, name: str) -> Response:
    kind = _kind(name)
    visit = _visit(request, "/" if name == "home" else f"/{name}")
    built = [build(section, visit) for section in kind.parts(visit)]
    done = request.session.pop("done", "")
    html = render(
        "page.html", visit, page=kind, heading=_heading(kind, visit), sections=built, csrf=token(request), done=done,
    )  # fmt: skip
    response = HTMLResponse(html)
    if visit.asked.get("lang") in LANGUAGES:
        response.set_cookie("lang", visit.asked.get("lang"), samesite="lax", max_age=31_536_000)
    return response


def _heading(kind: PageKind, visit: Visit) -> str:
    return kind.heading(visit) if kind.heading else visit.words(kind.title)


def _visit(request: Request, path: str, *, patient: bool = False) -> Visit:
    asked = Asked(path, dict(request.query_params))
    desk: Desk = request.app.state.desk
    spoken = asked.get("lang") or request.cookies.get("lang") or _preferred(request)
    return Visit(
        asked, desk, desk.project(), request.app.state.who(request), Words(spoken if spoken in LANGUAGES else "en"), patient
    )


def _preferred(request: Request) -> str:
    first = request.headers.get("accept-language", "").split(",")[0].split(";")[0].strip().lower()
    return "zh" if first.startswith("zh") else "en"


def _kind(name: str) -> PageKind:
    if name not in PAGES:
        raise HTTPException(404)
    return PAGES[name]


def _section(kind: PageKind, visit: Visit, name: str) -> Section:
    for section in kind.parts(visit):
        if section.name == name:
            return section
    raise HTTPException(404)


def _table(kind: PageKind, visit: Visit, name: str) -> Table | None:
    """Return a table of a page by name, building no more sections than it takes."""
    parts = sorted(kind.parts(visit), key=lambda section: not name.startswith(section.name))
    for section in parts:
        for block in build(section, visit).blocks:
            if isinstance(block, Table) and block.name == name:
                return block
    return None


def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else ""
    if request.url.path.endswith(".json"):
        return JSONResponse({"error": detail, "status": status}, status)
    visit = _visit(request, request.url.path)
    return HTMLResponse(render("refused.html", visit, status=status, detail=detail, page=None), status)


def _failed(request: Request, error: Exception) -> Response:
    told = {"error": str(error)}
    return JSONResponse(told, 422) if request.url.path.endswith(".json") else PlainTextResponse(str(error), 422)
