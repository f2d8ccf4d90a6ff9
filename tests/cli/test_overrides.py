import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from growthring.cli.main import app
from tests.operations.books import Books


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    books = Books(tmp_path / "brook", project='data_through = "2024-02-29"')
    books.steady("2023-01", "2024-02", {"anna": 100})
    books.run()
    monkeypatch.chdir(books.root)
    return books.root


def said(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["override", *arguments])
    assert result.exit_code == code, (arguments, result.output, result.exception)
    return result.stdout


ADD = ("add", "--from", "2024-03", "--reason", "ramp", "--note", "goes live", "--author", "Kim")


@pytest.mark.usefixtures("root")
def test_overrides_are_kept_from_the_command_line() -> None:
    assert said(*ADD, "--account", "anna", "--add", "20") == (
        "Noted as override 1: anna +20 a month from 2024-03 for good, as rep.\n"
    )
    assert "everything x 1.05 from 2024-03 to 2024-05, as topside" in said(
        *ADD, "--everything", "--multiply", "1.05", "--to", "2024-05", "--layer", "topside"
    )
    row = json.loads(said(*ADD, "--account", "anna", "--replace", "5", "--json"))
    assert (row["id"], row["change"]) == (3, "= 5")
    assert "= 5" in said("list")
    assert "no longer counts: stopped" in said("expire", "3", "--because", "stopped")
    assert [each["id"] for each in json.loads(said("list", "--json"))["rows"]] == [1, 2]
    assert [each["id"] for each in json.loads(said("list", "--all", "--json"))["rows"]] == [1, 2, 3]


@pytest.mark.parametrize("given", [(), ("--add", "1", "--multiply", "2")])
@pytest.mark.usefixtures("root")
def test_one_change_is_asked_for(given: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, ["override", *ADD, "--everything", *given])
    assert "changes were given" in str(result.exception)


@pytest.mark.parametrize("command", ["add", "list", "expire", "scores"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    assert f"Example: growthring override {command}" in said(command, "--help")
