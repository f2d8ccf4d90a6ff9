"""The command that opens the console in a browser."""

from typing import Annotated

import typer

from growthring.cli.options import HERE, ProjectFolder
from growthring.cli.output import tell


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: growthring serve -C demo   ·   growthring serve --port 9000 --no-browser")(serve)


def serve(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port; the next free one where it is taken.")] = 8765,
    host: Annotated[
        str,
        typer.Option("--host", help="Address to listen at; beyond this machine people must sign in.", show_default=False),
    ] = "",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Whether to open the first page.")] = True,
    project: ProjectFolder = HERE,
) -> None:
    """Open the console: pages for people, on this machine alone or for those who sign in."""
    from growthring.console.server import serve as serve_pages

    serve_pages(project, port=port, open_browser=browser, told=tell, host=host)
