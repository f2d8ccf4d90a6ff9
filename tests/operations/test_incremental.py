from pathlib import Path

import pytest

from growthring.kernel.period import Month
from growthring.operations.revenue.show import View, show
from tests.operations.books import Books, objects

CUSTOMERS = {"anna": 100, "bert": "50.50"}


@pytest.fixture
def books(tmp_path: Path) -> Books:
    """Two customers over fourteen months, never run."""
    made = Books(tmp_path / "brook")
    made.steady("2024-01", "2025-02", CUSTOMERS)
    return made


def fresh(books: Books, place: Path) -> Books:
    """Return the same files in a new project that was never run."""
    made = Books(place)
    for source in sorted((books.root / "raw").iterdir()):
        (made.root / "raw" / source.name).write_bytes(source.read_bytes())
    (made.root / "growthring.toml").write_bytes((books.root / "growthring.toml").read_bytes())
    return made


def test_running_again_computes_nothing_and_gives_the_same_snapshot(books: Books):
    first, before = books.run(), objects(books.open())
    again = books.run()
    assert first.built > 0
    assert (again.built, again.snapshot) == (0, first.snapshot)
    assert objects(books.open()) == before


def test_a_changed_month_costs_that_month_and_what_follows_and_gives_the_bytes_of_a_full_run(books: Books, tmp_path: Path):
    full = books.run().built
    before = objects(books.open())
    books.lines("2025-01", [("anna-2025-01", "anna", 120), ("bert-2025-01", "bert", "50.50")])
    changed = books.run()
    assert 0 < changed.built <= full / 4
    after = objects(books.open())
    assert {name: after[name] for name in before} == before  # artifacts of untouched months are the same files
    whole = fresh(books, tmp_path / "fresh")
    assert whole.run().built == full
    expected = objects(whole.open())
    assert {name: after.get(name) for name in expected} == expected
    assert show(books.open(), "mrr", View(at="2025-01")).value == "170.50"


def test_a_file_touched_without_changing_its_rows_costs_its_own_intake_alone(books: Books):
    books.run()
    path = books.root / "raw" / "invoices_2025-01.csv"
    path.write_text(path.read_text() + "\n")
    assert 0 < books.run().built <= 2


def test_a_new_month_leaves_the_months_before_it_alone(books: Books, tmp_path: Path):
    full = books.run().built
    before = objects(books.open())
    books.steady("2025-03", "2025-03", CUSTOMERS)
    added = books.run()
    assert 0 < added.built <= full / 4
    assert added.last_month == Month.parse("2025-03")
    after = objects(books.open())
    assert {name: after[name] for name in before} == before
    whole = fresh(books, tmp_path / "fresh")
    whole.run()
    expected = objects(whole.open())
    assert {name: after.get(name) for name in expected} == expected


def test_a_file_taken_away_is_gone_from_the_figures(books: Books):
    first = books.run()
    path = books.root / "raw" / "invoices_2024-12.csv"
    kept = path.read_bytes()
    path.unlink()
    assert books.run().snapshot != first.snapshot
    assert show(books.open(), "mrr", View(at="2024-12")).value == "0.00"
    path.write_bytes(kept)
    back = books.run()
    assert (back.built, back.snapshot) == (0, first.snapshot)


def test_another_policy_computes_its_own_months_and_leaves_the_others(books: Books):
    books.policy("ours", 'extends = "standard"')
    books.run()
    project = books.open()
    assert show(project, "mrr", View(at="2025-01"), policy="ours").value == "150.50"
    assert project.store.built == 0  # the same definitions under another name are the same artifacts
    before = objects(project)
    books.policy("ours", 'extends = "standard"\nlevel = "item"')
    changed = books.open()
    assert show(changed, "customers", View(at="2025-01"), policy="ours").value == 2
    assert changed.store.built > 0
    assert {name: objects(changed)[name] for name in before} == before


def test_row_order_copies_and_file_splits_change_no_answer(books: Books, tmp_path: Path):
    books.run()
    other = Books(tmp_path / "other")
    for index in range(Month.parse("2024-01").index, Month.parse("2025-02").index + 1):
        month = str(Month(index))
        rows = [(f"{name}-{month}", name, amount) for name, amount in CUSTOMERS.items()]
        other.lines(month, [rows[1], rows[0], rows[1]], name=f"{month}b")
        other.lines(month, [rows[0]], name=f"{month}a")
    assert sum(file.corrected for file in other.run().files) == 28
    for name in ("mrr", "ndr", "grr", "movements", "cohort_revenue", "arpa", "hhi"):
        view = View(at="2025-01", since="2024-01")
        one, two = (show(each.open(), name, view).as_dict() for each in (books, other))
        assert {**one, "snapshot": ""} == {**two, "snapshot": ""}
