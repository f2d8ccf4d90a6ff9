"""The door of a console that several people use: its pages are for those who are signed in."""

from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from growthring.console.asked import link
from growthring.console.doing import fields_of
from growthring.console.reader import reader_of
from growthring.console.render import render
from growthring.console.security import is_ours, safe_back, token
from growthring.console.sign_in import NOBODY, RefusedError, SignIn
from growthring.operations import audit
from growthring.operations.project import Project

_OPEN = ("/static/", "/sign-in/")
_OPEN_EXACTLY = ("/theme.css", "/sign-in")


class Gate:
    """Lets only those who are signed in through to the pages.

    Args:
        app: The application.
        sign_in: Knows who is signed in.
    """

    def __init__(self, app: ASGIApp, sign_in: SignIn) -> None:
        self.app, self.sign_in = app, sign_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or lead to signing in."""
        if scope["type"] == "http" and not _is_open(scope["path"]):
            request = Request(scope)
            if self.sign_in.who(request) == NOBODY:
                await _led_to_sign_in(request)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def open_door(app: FastAPI, sign_in: SignIn) -> None:
    """Add the pages of signing in and out."""
    app.state.sign_in = sign_in
    app.get("/sign-in")(entrance)
    app.get("/sign-in/start")(start)
    app.get("/sign-in/return")(returned)
    app.post("/sign-out")(sign_out)


def entrance(request: Request) -> Response:
    """Serve the page that leads to the provider."""
    if request.app.state.sign_in.who(request) != NOBODY:
        return RedirectResponse("/", 303)
    return _entrance(request)


async def start(request: Request) -> Any:  # noqa: ANN401 - a redirect
    """Send somebody to the provider; they come back to the page they wanted."""
    from httpx2 import HTTPError

    request.session["back"] = safe_back(request.query_params.get("back", "/"))
    try:
        return await request.app.state.sign_in.begin(request)
    except (HTTPError, ValueError, KeyError, RuntimeError):
        return _entrance(request, "unreachable", 502)


async def returned(request: Request) -> Response:
    """Seat somebody whom the provider sent back."""
    sign_in: SignIn = request.app.state.sign_in
    back = safe_back(str(request.session.get("back", "/")))
    try:
        user = await sign_in.finish(request)
    except RefusedError as refused:
        if refused.name:
            await run_in_threadpool(_note, request, "sign_in", refused.name, "none", "refused", "has no role")
        return _entrance(request, "no role" if refused.name else "failed", 403, refused.name)
    await run_in_threadpool(_note, request, "sign_in", user.name, user.role)
    return RedirectResponse(back, 303)


async def sign_out(request: Request) -> Response:
    """Sign somebody out."""
    sign_in: SignIn = request.app.state.sign_in
    if not is_ours(request, (await fields_of(request)).get("csrf", "")):
        raise HTTPException(
            403, reader_of(request).words("This form is out of date. Go back, reload the page and send it again.")
        )
    user = sign_in.who(request)
    sign_in.leave(request)
    await run_in_threadpool(_note, request, "sign_out", user.name, user.role)
    return RedirectResponse("/sign-in?out=1", 303)


def _entrance(request: Request, problem: str = "", status: int = 200, name: str = "") -> Response:
    reader, sign_in = reader_of(request), request.app.state.sign_in
    asked = safe_back(request.query_params.get("back", "/"))
    html = render(
        "sign_in.html", reader, page=None, csrf=token(request), provider=sign_in.provider, problem=problem, name=name,
        back=asked, is_out="out" in request.query_params,
    )  # fmt: skip
    return HTMLResponse(html, status)


def _is_open(path: str) -> bool:
    return path.startswith(_OPEN) or path in _OPEN_EXACTLY


def _led_to_sign_in(request: Request) -> Response:
    path, query = request.url.path, request.url.query
    if request.method not in ("GET", "HEAD"):
        return PlainTextResponse("Sign in first.", 401)
    if request.headers.get("hx-request"):  # a part of a page: the whole page goes to sign in
        return PlainTextResponse("Sign in first.", 401, headers={"HX-Redirect": "/sign-in"})
    if path.endswith(".json"):
        return JSONResponse({"error": "Sign in first.", "status": 401}, 401)
    if path.startswith(("/export/", "/part/")):
        return PlainTextResponse("Sign in first.", 401)
    back = safe_back(path + (f"?{query}" if query else ""))
    wanted = link("/sign-in", back=back if back != "/" else None, lang=request.query_params.get("lang"))
    return RedirectResponse(wanted, 303)


def _note(request: Request, deed: str, author: str, role: str, outcome: str = "done", detail: str = "") -> None:
    project: Project = request.app.state.desk.project()
    audit.record(project, deed, author=author, role=role, outcome=outcome, detail=detail)
