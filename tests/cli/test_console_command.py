"""The console opens at the end of a demo when asked to."""

import pytest
from typer.testing import CliRunner

import growthring.cli.console
from growthring.cli.main import app


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    found: list[object] = []
    monkeypatch.setattr(growthring.cli.console, "serve", lambda **options: found.append(options["project"].name))
    return found


def test_a_demo_opens_the_console_when_asked_to(opened: list[object], tmp_path):
    done = CliRunner().invoke(app, ["demo", str(tmp_path / "ringwood"), "--accounts", "12", "--months", "14", "--serve"])
    assert (done.exit_code, opened) == (0, ["ringwood"])
