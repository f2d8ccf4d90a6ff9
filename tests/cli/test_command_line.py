import json
import os
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest
from typer.testing import CliRunner

from growthring.cli.main import app
from growthring.operations.plans.economic_model import EXAMPLE
from tests.operations.books import USAGE, Books
from tests.operations.published import publish

COMMANDS = sorted(command.name or command.callback.__name__ for command in app.registered_commands)
HEAVY = ("duckdb", "pandas", "numpy", "sqlalchemy", "alembic", "sqlglot", "pyarrow", "pydantic", "rich")


def growthring(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as a shell would; errors pass through main, as they do there."""
    return subprocess.run(
        [sys.executable, "-m", "growthring.cli.main", *map(str, arguments)],
        capture_output=True, text=True, cwd=cwd, check=False, env=os.environ | {"COLUMNS": "140"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    books = Books(tmp_path_factory.mktemp("cli") / "brook", project='data_through = "2024-02-29"', more=USAGE)
    books.steady("2023-01", "2024-02", {"17850": 100, "[b]bert[/b]": "50.50"})
    books.usage([("u1", "17850", "2024-01-10", 1500), ("u2", "17850", "2024-02-03", 200)])
    books.lines("2024-02", [("bad", "", 1), ("x", "17850", 1000), ("y", "[b]bert[/b]", "40")])
    (books.root / "model.toml").write_text(EXAMPLE)
    (books.root / "budget.csv").write_text("indicator,at,budget\nmrr,2024-01,150\ncustomers,2024-01,2\n")
    books.run()
    ahead = [("17850", "plan", month, "statistical", 101) for month in ("2024-01", "2024-02")]
    with books.open().journal() as journal:
        journal.add_event("storm", attribute=None, value=None, first_month=24_287, last_month=None, note="seen", author="Kim")
    publish(books.open(), "2023-12", ahead, [("2024-01", 101, 90, 110, 80, 120)], horizon=2)
    return books.root


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str):
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"Example: growthring {command}" in result.output or "Example: in growthring.toml" in result.output
    assert result.output.strip().splitlines()[2].strip()


def test_the_commands_promised_are_there():
    promised = {"init", "run", "demo", "show", "explain", "compare", "close", "assert", "metrics", "policies", "problems"}
    assert promised <= set(COMMANDS)


def test_help_loads_nothing_heavy():
    code = f"""
import sys
from growthring.cli.main import app
from typer.testing import CliRunner
result = CliRunner().invoke(app, ["--help"])
assert result.exit_code == 0, result.output
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert loaded == "[]"


@pytest.mark.parametrize("last_words", ["sys.stdout.write('bye')", "rich.print('bye')"])
def test_a_reader_that_goes_after_the_first_line_is_told_nothing(last_words: str):
    code = f"""
import sys, rich
from growthring.cli import main
def speak():
    print("first", flush=True)
    sys.stdin.readline()
    {last_words}
main.app = speak
main.main()
"""
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    speaker = subprocess.Popen([sys.executable, "-c", code], stdin=PIPE, stdout=PIPE, stderr=PIPE, env=buffered)
    assert speaker.stdin and speaker.stdout and speaker.stderr
    assert speaker.stdout.readline() == b"first\n"
    speaker.stdout.close()
    speaker.stdin.write(b"go on\n")
    speaker.stdin.close()
    assert speaker.stderr.read() == b""
    speaker.wait()


JSON_COMMANDS = [
    ("show", "mrr"), ("show", "movements", "--from", "2023-11"), ("show", "cohort_ndr"), ("show", "ndr", "--by", "product"),
    ("explain", "ndr"), ("compare", "ndr", "--policy", "standard", "--policy", "lazy_bridge"), ("metrics",), ("policies",),
    ("policies", "--fields"), ("policies", "snowflake"), ("tables",), ("tables", "invoice_line"), ("problems",),
    ("problems", "MISSING_ACCOUNT_ID"), ("assert",), ("closes",), ("tags",), ("definitions",), ("run",), ("runs",),
    ("snapshots",),
    ("backtest", "--origins", "2", "--horizon", "3"),
    ("books",), ("books", "--policies"), ("bills",), ("bills", "--by", "component"), ("bill", "17850"),
    ("commitments",), ("commitments", "--stress", "20"),
    ("burn-down",), ("attainment",), ("forecast-split", "--by", "month"), ("exposure", "--stress", "20"),
    ("price-commitment", "17850"),
    ("offers",), ("offers", "--by", "rep"), ("offers", "--by", "term"), ("offers", "--quota", "--small-below", "5000"),
    ("offers", "--review"),
    ("trials",), ("trials", "--by", "segment"), ("free-tier", "--cost", "calls=0.001"), ("revenue-types",),
    ("simulate", "--book", "price_books/brook.yaml", "--choose", "whole"),
    ("reconcile",), ("reconcile", "--by", "account", "--fees"),
    ("explain", "bill", "17850"), ("corrections", "--billed", "2024-02-01"),
    ("forecast",), ("forecast", "--segments", "--by", "quarter"), ("forecast", "--assumptions"),
    ("one-offs",), ("run-rate",), ("events", "list"), ("spikes",), ("why",), ("one-offs", "--measure", "revenue"),
    ("events", "expire", "1", "--because", "it passed"),
    ("override", "list"), ("override", "list", "--all"), ("override", "scores"),
    ("vintages",), ("vintages", "--year", "FY2024"), ("ramp",), ("new-customers",), ("waterfall",),
    ("regime",), ("concentration", "--by", "customer"), ("downturn", "--shock", "all=-20"),
    ("economic-model", "model.toml"), ("budget", "budget.csv"),
    ("forecasts", "list"), ("forecasts", "show", "latest"), ("forecasts", "score"), ("bridge", "latest", "actual"),
    ("quote", "17850", "--more", "100", "--budget", "30", "--against", "price_books/brook.yaml"),
]  # fmt: skip


@pytest.mark.parametrize("arguments", JSON_COMMANDS, ids=" ".join)
def test_json_parses_and_stands_alone_on_stdout(project: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(project)
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == (3 if arguments[0] == "problems" else 0), result.output
    json.loads(result.stdout)
    assert "NaN" not in result.stdout


def test_every_command_with_json_is_among_those_that_are_parsed():
    told = {arguments[0] for arguments in JSON_COMMANDS}
    changing = {"init", "close", "restatement", "tag", "sign-off"}  # parsed below, where they may change something
    for command in COMMANDS:
        has_json = "--json" in CliRunner().invoke(app, [command, "--help"]).output
        assert not has_json or command in told | changing, command


def test_the_books_are_kept_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    books = Books(tmp_path / "brook", project='data_through = "2024-02-29"')
    books.steady("2023-01", "2024-02", {"anna": 100})
    monkeypatch.chdir(books.root)

    def said(*arguments: str) -> dict:
        result = CliRunner().invoke(app, [*arguments, "--json"])
        assert result.exit_code == 0, (arguments, result.output, result.exception)
        return json.loads(result.stdout)

    assert said("run")["built"] > 0
    assert said("close", "2024-01", "--author", "Kim")["value"] == "100.00"
    assert said("restatement", "2024-01")["value"] == "0.00"
    assert said("tag", "anna", "--as", "one_off", "--from", "2024-01", "--because", "x", "--author", "Kim")["tag_id"] == 1
    assert said("sign-off", "--role", "finance", "--author", "Kim")["policy"] == "standard"
    assert [row["month"] for row in said("closes")] == ["2024-01"]
    assert said("init", str(tmp_path / "new"), "--from", str(books.root / "raw" / "*.csv"))["settings"]


BROKEN = [
    (("show", "shoe_size"), "Unknown metric"), (("show", "mrr", "--policy", "nobody"), "Unknown policy"),
    (("show", "mrr", "--at", "2024-13"), "Not a month"), (("show", "mrr", "--at", "2031-01"), "The data end on"),
    (("show", "mrr", "--by", "shoe_size"), "Unknown attribute"), (("show", "mrr", "--currency", "XXQ"), "Unknown currency"),
    (("show", "mrr", "--as-of", "yesterday"), "Not a day"), (("compare", "ndr", "--policy", "standard"), "1 policies were named"),
    (("compare", "hhi", "--policy", "standard", "--policy", "figma"), "does not add up"),
    (("sql", "shoe_size"), "Unknown relation"),
    (("explain", "mrr", "--dialect", "klingon"), "Unknown"), (("tables", "shoe_size"), "Unknown table"),
    (("tag", "a", "--as", "x", "--from", "2024-01", "--because", "y"), "Unknown tag"), (("restatement", "2024-01"), "not closed"),
    (("tags", "--revoke", "77", "--because", "x"), "77"), (("sign-off", "--role", "cat"), "Unknown role"),
    (("init", "new", "--from", "nothing*.csv"), "No file matches"), (("backtest", "--model", "nope"), "Unknown model: nope"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), BROKEN, ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")
def test_mistakes_are_answered_with_a_message(project: Path, arguments: tuple[str, ...], message: str, monkeypatch, capsys):
    from growthring.cli.main import main

    monkeypatch.chdir(project)
    monkeypatch.setattr(sys, "argv", ["growthring", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    out, err = capsys.readouterr()
    assert (stopped.value.code, out) == (1, "")
    assert message in err
    assert err.startswith("growthring: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "No growthring.toml"),
        ("[project", "not valid TOML"),
        ("[project]\nname = 1\n", "cannot be used"),
        ('[project]\nname = "x"\n[[assertions]]\nthat = "MRR was nice"\n', "cannot be read"),
        ('[project]\nname = "x"\nfiscal_year_starts = 13\n', "fiscal_year_starts"),
        ('[project]\nname = "x"\ncurrency = "XXQ"\n', "XXQ"),
        (b'[project]\nname = "\xff\xfe"\n', "UTF-8"),
    ],
)
def test_unusable_settings_are_answered_with_a_message(tmp_path: Path, text, message: str, monkeypatch, capsys):
    from growthring.cli.main import main

    if text is not None:
        (tmp_path / "growthring.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    monkeypatch.setattr(sys, "argv", ["growthring", "run", "-C", str(tmp_path)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert message in capsys.readouterr().err


def test_exit_codes_tell_success_failure_usage_and_problems(project: Path, tmp_path: Path):
    shown = growthring("show", "mrr", "-C", project)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("mrr at 2024-02: 1,040.00 USD per month")
    failed = growthring("show", "shoe_size", "-C", project)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "Traceback" not in failed.stderr
    assert growthring("show", "-C", project).returncode == 2
    assert growthring("problems", "-C", project).returncode == 3


def test_a_run_whose_assertion_fails_exits_with_three(tmp_path: Path):
    books = Books(tmp_path / "brook", more='[[assertions]]\nthat = "MRR at 2024-01 is 1"\n')
    books.steady("2024-01", "2024-02", {"anna": 100})
    result = growthring("run", "-C", books.root)
    assert result.returncode == 3
    assert "✗ MRR at 2024-01 is 1 — but it is 100.00" in result.stdout
    assert growthring("assert", "-C", books.root).returncode == 3


def test_names_are_printed_as_they_are_written(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(project)
    output = CliRunner().invoke(app, ["explain", "mrr"]).output
    assert "[b]bert[/b]" in output
    assert "17850" in output
    assert "17,850" not in output
