"""The audit trail as administrators see it."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from growthring.console.access import User
from growthring.console.asked import Asked
from growthring.console.blocks import Note, Table
from growthring.console.pages.audit import audit_section
from growthring.console.visit import Visit, build
from growthring.console.words import Words
from growthring.kernel.errors import UnknownValueError
from growthring.operations.audit import audit_trail, record
from growthring.operations.project import Project


def _section(client: TestClient, role: str = "admin", *, patient: bool = False, **params: str) -> list[object]:
    desk = client.app.state.desk  # type: ignore[attr-defined]
    asked = Asked("/data", {name.replace("_", "."): value for name, value in params.items()})
    visit = Visit(asked, desk, desk.project(), User("Ana", role), Words("en"), patient)
    return list(build(audit_section, visit).blocks)


@pytest.fixture
def kept(own_pages: TestClient) -> TestClient:
    project = Project.open(own_pages.app.state.desk.root)  # type: ignore[attr-defined]
    with_time = ["refused", *["done"] * 24]
    for number, outcome in enumerate(with_time):
        record(project, "sign_in", author=f"person {number:02d}", role="viewer", outcome=outcome)
    return own_pages


def test_administrators_see_the_latest_first_page_by_page(kept: TestClient):
    (table,) = _section(kept)
    assert isinstance(table, Table) and table.total == 25
    assert [row["who"] for row in table.rows][:2] == ["person 24", "person 23"] and len(table.rows) == 20
    (second,) = _section(kept, audit_page="2")
    assert [row["who"] for row in second.rows][-1] == "person 00"  # type: ignore[attr-defined]
    (found,) = _section(kept, audit_find="refused")
    assert [row["who"] for row in found.rows] == ["person 00"]  # type: ignore[attr-defined]
    (ordered,) = _section(kept, audit_sort="who")
    assert ordered.rows[0]["who"] == "person 00"  # type: ignore[attr-defined]
    (whole,) = _section(kept, patient=True)
    assert len(whole.rows) == 25  # type: ignore[attr-defined]


def test_others_do_not_see_it(kept: TestClient):
    for role in ("viewer", "contributor", "approver"):
        (note,) = _section(kept, role)
        assert isinstance(note, Note)


def test_an_unknown_order_is_refused(ringwood_folder: Path):
    with pytest.raises(UnknownValueError):
        audit_trail(Project.open(ringwood_folder), order="audit_id; DROP TABLE audit")
