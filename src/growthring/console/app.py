"""The application: from requests to pages, their JSON twins, fragments, files and deeds."""

from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.staticfiles import StaticFiles

from growthring.charts import stylesheet
from growthring.console.access import User, local_user
from growthring.console.asked import Asked
from growthring.console.blocks import Table
from growthring.console.desk import Desk
from growthring.console.doing import UNDER_WAY, do, said, under_way
from growthring.console.door import Gate, open_door
from growthring.console.export import csv_of, xlsx_of
from growthring.console.pages import PAGES
from growthring.console.reader import Reader, reader_of, words_of
from growthring.console.render import STATIC, as_json, render
from growthring.console.security import cookie_name, secret, token
from growthring.console.shield import Shield
from growthring.console.shown import shown
from growthring.console.sign_in import NOBODY, SignIn
from growthring.console.visit import PageKind, Section, Visit, build
from growthring.console.words import LANGUAGES
from growthring.kernel.errors import GrowthringError
from growthring.operations.project import ConsoleSettings, Project

LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_YEAR = "public, max-age=31536000, immutable"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LOCAL_SESSION = 14 * 24 * 3600


def create_app(root: Path, *, hosts: tuple[str, ...] = (), who: Callable[[Request], User] | None = None) -> FastAPI:
    """Return the console of a project.

    Args:
        root: The project's folder.
        hosts: Further names the server answers to; others are refused, so that no other site's name leads here.
        who: Tells who asks. When absent: whoever signed in where `[console]` names a provider, else the person at this machine.
    """
    project = Project.open(root)
    settings = project.settings.console
    desk = Desk(project.root)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> Any:  # noqa: ANN401 - a generator of nothing
        yield
        desk.close()

    app = FastAPI(title="growthring", redirect_slashes=False, docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.desk, app.state.who = desk, who or (lambda _: local_user())
    app.state.public_host = urlsplit(settings.public_url).netloc
    app.state.is_secure = settings.public_url.startswith("https://")
    if settings.is_shared and who is None:
        sign_in = SignIn(project.root, settings)
        app.state.who = sign_in.who
        app.add_middleware(Gate, sign_in=sign_in)
        open_door(app, sign_in)
    _add_layers(app, project, settings, hosts)
    _add_pages(app)
    app.exception_handler(HTTPException)(_refused)
    app.exception_handler(GrowthringError)(_failed)
    return app


def _add_layers(app: FastAPI, project: Project, settings: ConsoleSettings, hosts: tuple[str, ...]) -> None:
    """Add what stands around the pages, the innermost first."""
    is_secure = bool(app.state.is_secure)
    app.add_middleware(
        SessionMiddleware, secret_key=secret(project.state), session_cookie=cookie_name(project.root, is_secure=is_secure),
        same_site="lax", https_only=is_secure,
        max_age=int(settings.session_hours * 3600) if settings.is_shared else _LOCAL_SESSION,
    )  # fmt: skip
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    public = urlsplit(settings.public_url).hostname
    known = [*LOCAL_HOSTS, *hosts, *settings.hosts, *([public] if public else [])]
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=known, www_redirect=False)
    app.add_middleware(Shield, broke=_broke, is_secure=is_secure)


def _add_pages(app: FastAPI) -> None:
    app.mount("/static", _Kept(directory=STATIC), name="static")
    app.get("/theme.css")(theme)
    app.get("/")(home)
    app.get("/part/{name}/{section}")(part)
    app.get("/export/{name}/{file}")(export)
    app.post("/do/{name}")(do(_visit))
    app.get("/{name}.json")(twin)
    app.get("/{name}")(page)


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
    visit = _visit(request, _path(name), patient=True)
    built = [build(section, visit) for section in _parts(kind, visit)]
    return JSONResponse(as_json(kind, _heading(kind, visit), built, visit))


def part(request: Request, name: str, section: str) -> Response:
    """Serve one section of a page."""
    kind = _kind(name)
    visit = _visit(request, _path(name))
    wanted = next((each for each in _parts(kind, visit) if each.name == section), None)
    if wanted is None:
        if not _is_part(request):
            raise HTTPException(404)
        return Response(status_code=204, headers={"HX-Refresh": "true"})  # what was waited for makes this another page
    built = build(wanted, visit)
    response = HTMLResponse(render("part.html", visit, page=kind, section=built, csrf=token(request)))
    if section == UNDER_WAY and (done := said(visit)):
        request.session["done"] = done  # the whole page is read again: what was done may stand anywhere on it
        response.headers["HX-Redirect"] = visit.asked.url(**{UNDER_WAY: None})
    return response


def export(request: Request, name: str, file: str) -> Response:
    """Serve all matching rows of a table as CSV or XLSX."""
    kind = _kind(name)
    table_name, _, ending = file.rpartition(".")
    visit = _visit(request, _path(name), patient=True)
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


def _page(request: Request, name: str) -> Response:
    kind = _kind(name)
    visit = _visit(request, _path(name))
    built = [build(section, visit) for section in _parts(kind, visit)]
    done = request.session.pop("done", "")
    html = render(
        "page.html", visit, page=kind, heading=_heading(kind, visit), sections=built, csrf=token(request), done=done,
    )  # fmt: skip
    response = HTMLResponse(html)
    if visit.asked.get("lang") in LANGUAGES:
        response.set_cookie(
            "lang", visit.asked.get("lang"), samesite="lax", max_age=31_536_000, httponly=True, secure=request.app.state.is_secure
        )
    return response


def _path(name: str) -> str:
    return "/" if name == "home" else f"/{name}"


def _heading(kind: PageKind, visit: Visit) -> str:
    return kind.heading(visit) if kind.heading else visit.words(kind.title)


def _visit(request: Request, path: str, *, patient: bool = False) -> Visit:
    asked = Asked(path, dict(request.query_params))
    desk: Desk = request.app.state.desk
    return Visit(asked, desk, desk.project(), request.app.state.who(request), words_of(request, asked), patient)


def _kind(name: str) -> PageKind:
    if name not in PAGES:
        raise HTTPException(404)
    return PAGES[name]


def _parts(kind: PageKind, visit: Visit) -> list[Section]:
    return [*under_way(visit), *kind.parts(visit)]


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
    reader = reader_of(request)
    csrf = _token_of(reader, request)
    html = render("refused.html", reader, status=status, detail=detail, is_part=_is_part(request), page=None, csrf=csrf)
    return HTMLResponse(html, status)


def _failed(request: Request, error: Exception) -> Response:
    """Say what cannot be used as it stands, such as growthring.toml itself."""
    if request.url.path.endswith(".json"):
        return JSONResponse({"error": str(error), "status": 422}, 422)
    reader = Reader(Asked("/"), NOBODY, words_of(request, Asked("/")))
    return HTMLResponse(render("failed.html", reader, error=error, is_part=_is_part(request), page=None), 422)


def _broke(request: Request, name: str) -> Response:
    """Say that something broke, under the name of the entry in the log; whatever broke, this page does not need it."""
    if request.url.path.endswith(".json"):
        return JSONResponse({"error": "Something in the console itself broke.", "id": name, "status": 500}, 500)
    try:
        reader = Reader(Asked("/"), NOBODY, words_of(request, Asked("/", dict(request.query_params))))
        return HTMLResponse(render("failed.html", reader, error=None, id=name, is_part=_is_part(request), page=None), 500)
    except Exception:  # the templates themselves
        return PlainTextResponse(f"Something in the console itself broke. The server's log tells more under {name}.", 500)


def _is_part(request: Request) -> bool:
    """Whether the answer takes the place of one section of a page that is open."""
    return request.url.path.startswith("/part/") and "hx-request" in request.headers


def _token_of(reader: Reader, request: Request) -> str:
    return token(request) if reader.user.can_sign_out else ""
