"""A throw-away PostgreSQL server for one test session."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "40",
    "timezone": "UTC",
}


@contextmanager
def postgres_server(binaries: Path) -> Iterator[str]:
    """Start a server on a free loopback port and yield its URL; it and its files are gone afterwards."""
    user = _unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="growthring-postgres-"))
    if user:
        shutil.chown(folder, user)
    data, log = folder / "data", folder / "log"
    try:
        _run(user, binaries / "initdb", "-D", data, "-U", "growthring", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync")
        port = _free_port()
        settings = {**_SETTINGS, "port": str(port), "unix_socket_directories": str(folder)}
        with (data / "postgresql.conf").open("a") as stream:
            stream.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        _run(user, binaries / "pg_ctl", "-D", data, "-l", log, "-w", "-t", "60", "start")
        try:
            yield f"postgresql://growthring@127.0.0.1:{port}/postgres"
        finally:
            _run(user, binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged_user() -> str | None:
    """Return whom to run as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _run(user: str | None, *command: object) -> None:
    prefix = []
    if user:
        entry = pwd.getpwnam(user)
        prefix = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
    # output goes to a file: the server inherits it and would keep a pipe open
    with tempfile.TemporaryFile() as output:
        arguments = [*prefix, *(str(part) for part in command)]
        done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", check=False)
        output.seek(0)
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)} failed: {output.read().decode()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
