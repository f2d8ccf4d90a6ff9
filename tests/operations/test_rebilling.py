"""Late records change what was billed; the correction is the difference, on the period the policy names."""

from datetime import datetime
from pathlib import Path

import pytest

from growthring.operations.data.run import run
from growthring.operations.pricing.rebilling import corrections
from growthring.operations.project import Project
from tests.operations.books import PRICE_BOOK, USAGE, Books


@pytest.fixture
def books(tmp_path: Path) -> Books:
    """A customer with 1,000 calls in January, 100 in February, and 500 calls of January that became known on 9 February."""
    found = Books(tmp_path / "brook", project='data_through = "2024-02-29"', more=USAGE)
    found.steady("2023-12", "2024-02", {"17850": 100})
    found.usage([("u1", "17850", "2024-01-01", 1000), ("u2", "17850", "2024-02-03", 100)])
    path = found.root / "raw" / "usage.csv"
    path.write_text(path.read_text() + "u3,17850,calls,2024-01-20 12:00:00,500,2024-02-09 12:00:00\n")
    return found


def ask(books: Books) -> list[dict[str, str]]:
    project = Project.open(books.root)
    run(project)
    return corrections(project, datetime(2024, 2, 5)).rows


def test_a_late_record_is_billed_at_the_price_of_the_tier_it_reaches(books: Books):
    rows = ask(books)
    assert [(row["period"], row["billed"], row["rated"], row["correction"]) for row in rows] == [
        ("2024-01-01", "30.00", "32.50", "2.50")
    ]
    assert rows[0]["booked_on"] == "2024-01-01"


def test_a_policy_books_the_correction_on_the_running_period(books: Books):
    book = PRICE_BOOK.replace("currency: USD", "currency: USD\npolicy_changes: {booking: current}")
    (books.root / "price_books" / "brook.yaml").write_text(book)
    assert [row["booked_on"] for row in ask(books)] == ["2024-02-01"]


def test_nothing_is_corrected_when_nothing_became_known(books: Books):
    project = Project.open(books.root)
    run(project)
    assert corrections(project, datetime(2024, 2, 10)).rows == []
