"""Serving the console on this machine."""

import socket
import webbrowser
from collections.abc import Callable
from pathlib import Path
from threading import Timer

from growthring.kernel.errors import ConfigurationError

_TRIED = 20


def serve(root: Path, *, port: int, open_browser: bool, told: Callable[[str], None]) -> None:
    """Serve the console until it is stopped.

    Args:
        root: The project's folder.
        port: The port; the next free one where it is taken.
        open_browser: Whether to open the first page.
        told: Is told the address.

    Raises:
        ConfigurationError: No port is free.
    """
    import uvicorn

    from growthring.console.app import create_app

    app = create_app(root)
    free = free_port(port)
    address = f"http://127.0.0.1:{free}/"
    told(address)
    if open_browser:
        Timer(0.8, webbrowser.open, (address,)).start()
    uvicorn.run(app, host="127.0.0.1", port=free, log_level="warning", server_header=False)


def free_port(port: int) -> int:
    """Return a port or the next one that is free on this machine.

    Raises:
        ConfigurationError: None of the next ports is free.
    """
    for each in range(port, min(port + _TRIED, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", each))
            except OSError:
                continue
            return each
    raise ConfigurationError(
        f"No port from {port} to {port + _TRIED - 1} is free.", remedy="Name another: growthring serve --port 9000"
    )
