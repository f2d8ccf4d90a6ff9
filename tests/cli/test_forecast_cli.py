import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from growthring.cli.main import app
from growthring.cli.output import with_commas
from growthring.operations.answer import Answer
from tests.operations.books import Books


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    books = Books(tmp_path_factory.mktemp("forecast") / "brook", project='data_through = "2024-02-29"')
    books.steady("2022-09", "2024-02", {"anna": 100, "bert": 40, "cleo": 60})
    books.run()
    return books.root


def said(root: Path, *arguments: str) -> str:
    result = CliRunner().invoke(app, ["forecast", "-C", str(root), *arguments])
    assert result.exit_code == 0, (arguments, result.output, result.exception)
    return result.stdout


def test_the_total_is_said_by_month_with_ranges(root: Path) -> None:
    text = said(root, "--horizon", "3")
    for word in ("2024-03", "2024-05", "200.00", "low80", "high95", "statistical"):
        assert word in text
    assert "2024-06" not in text


def test_json_is_the_same_answer(root: Path) -> None:
    answer = json.loads(said(root, "--horizon", "3", "--existing-only", "--json"))
    assert [row["at"] for row in answer["rows"]] == ["2024-03", "2024-04", "2024-05"]
    assert answer["rows"][0]["amount"] in said(root, "--horizon", "3", "--existing-only")
    assert "new customers" not in answer["rows"][0]
    assert answer["caveats"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("anna", "--horizon", "2"), ("100.00",)),
        (("--segments", "--horizon", "3", "--by", "quarter"), ("segment", "all")),
        (("--assumptions", "--horizon", "6"), ("survival", "growth of those that stay", "months ahead")),
        (("--without", "rep", "--without", "topside", "--horizon", "1"), ("2024-03",)),
        (("--as-of", "2023-12-31", "--horizon", "1"), ("2024-01",)),
    ],
)
def test_accounts_segments_assumptions_layers_and_earlier_days(
    root: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    text = said(root, *arguments)
    assert all(word in text for word in words), text


def test_large_sums_of_quarters_fit_a_line_and_json_keeps_their_cents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times the sample company, with two layers of people's entries."""
    amounts = dict.fromkeys(("amount", "low80", "high80", "low95", "high95", "statistical", "new customers"), "19831488.84")
    entries = {"commitment": "5690.30", "rep": "12000.00", "price_event": None}
    rows = [
        {"at": "2025-Q4 (part)", "months": "2025-01 to 2025-01", **amounts, **entries},
        {"at": "2026-Q1", "months": "2025-02 to 2025-04", **amounts, **entries},
    ]
    answer = Answer("forecast revenue", "19831488.84", "USD", "2026-Q1", "", {"name": "p", "version": "1"}, "s", rows)
    shown: list[Answer] = []
    monkeypatch.setattr("growthring.operations.forecasting.forecast.forecast", lambda *_, **__: answer)
    monkeypatch.setattr("growthring.operations.project.Project.open", lambda *_: None)
    monkeypatch.setattr("growthring.cli.forecast.print_answer", shown.append)
    assert CliRunner().invoke(app, ["forecast", "--by", "quarter"]).exit_code == 0
    assert shown[0].rows[1] == {"at": "2026-Q1"} | dict.fromkeys(amounts, "19831489") | {
        "commitment": "5690", "rep": "12000", "price_event": None,
    }  # fmt: skip
    assert shown[0].caveats == ["2025-Q4 (part) holds only what is still to come of it: 2025-01."]
    widths = [max(len(name), *(len(with_commas(row[name] or "–")) for row in shown[0].rows)) for name in shown[0].rows[0]]
    assert sum(widths) + 2 * (len(widths) - 1) <= 140
    told = json.loads(CliRunner().invoke(app, ["forecast", "--by", "quarter", "--json"]).stdout)
    assert told["rows"][0] == rows[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--horizon", "99"), "1 to 36"),
        (("--by", "week"), "month, quarter"),
        (("--without", "guess"), "statistical"),
        (("--measure", "profit"), "usage:METER"),
        (("nobody",), "anna"),
    ],
)
def test_what_cannot_be_asked_names_what_can(root: Path, arguments: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(app, ["forecast", "-C", str(root), *arguments])
    assert result.exit_code != 0
    assert message in str(result.exception) + result.output


def test_a_published_forecast_tells_what_to_do_next(root: Path) -> None:
    text = said(root, "--horizon", "2", "--publish", "--note", "plan", "--author", "ana")
    assert text.startswith("Published ")
    assert "growthring forecasts submit" in text


def test_help_shows_examples(root: Path) -> None:
    assert "growthring forecast --segments" in said(root, "--help")
