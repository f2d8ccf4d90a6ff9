"""Serving the console: on this machine alone, or to those who sign in."""

import socket
import webbrowser
from collections.abc import Callable
from pathlib import Path
from threading import Timer

from growthring.charts import trust_charts
from growthring.kernel.errors import ConfigurationError
from growthring.operations.project import ConsoleSettings, Project

_TRIED = 20
_ALONE = ("127.0.0.1", "localhost", "::1")


def serve(root: Path, *, port: int, open_browser: bool, told: Callable[[str], None], host: str = "") -> None:
    """Serve the console until it is stopped.

    Args:
        root: The project's folder.
        port: The port; the next free one where it is taken.
        open_browser: Whether to open the first page.
        told: Is told where the console is.
        host: Address to listen at; that of growthring.toml when empty.

    Raises:
        ConfigurationError: No port is free, or others would be let in without signing in.
    """
    import uvicorn

    from growthring.console.app import create_app

    settings = Project.open(root).settings.console
    listens = host_of(settings, host)
    app = create_app(root)
    trust_charts()
    free = free_port(port, listens)
    address = f"http://{f'[{listens}]' if ':' in listens else listens}:{free}/"
    if settings.is_shared:
        told(f"The console is at {settings.public_url}, for those who sign in; it listens at {address}. Ctrl+C stops it.")
    else:
        told(f"The console is at {address} on this machine alone. Ctrl+C stops it.")
    if open_browser:
        Timer(0.8, webbrowser.open, (settings.public_url or address,)).start()
    uvicorn.run(app, host=listens, port=free, log_level="warning", server_header=False)


def host_of(settings: ConsoleSettings, host: str = "") -> str:
    """Return the address to listen at.

    Args:
        settings: What growthring.toml says.
        host: What was asked for on the command line.

    Raises:
        ConfigurationError: Others could reach it and nobody would have to sign in.

    Example:
        >>> host_of(ConsoleSettings())
        '127.0.0.1'
    """
    wanted = host or settings.host
    if wanted not in _ALONE and not settings.is_shared:
        raise ConfigurationError(
            f"At {wanted} others could open the console without signing in.",
            valid="Without a provider of sign-ins it is for this machine alone: 127.0.0.1.",
            remedy="Name one under [console] in growthring.toml: docs/how-to/share-the-console.md.",
        )
    return wanted


def free_port(port: int, host: str = "127.0.0.1") -> int:
    """Return a port or the next one that is free at an address of this machine.

    Raises:
        ConfigurationError: None of the next ports is free.
    """
    for each in range(port, min(port + _TRIED, 65536)):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, each))
            except OSError:
                continue
            return each
    raise ConfigurationError(
        f"No port from {port} to {port + _TRIED - 1} is free.", remedy="Name another: growthring serve --port 9000"
    )
