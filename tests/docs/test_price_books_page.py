"""The page on price books is computed: YAML blocks are read, and the tables below them are rated with the Decimal reference."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator, ValidationError

from growthring.pricing.adjustment import AdjustmentKind
from growthring.pricing.book import MeterFile, PriceBook, read_yaml, unmet_meters
from growthring.pricing.policy import RatingPolicy, rating_preset_names
from growthring.pricing.price import Price
from growthring.pricing.reference import Bill, Share, Use, rate_bill

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "price-books.md"
SCHEMAS = ROOT / "docs" / "reference" / "schemas"

Row = dict[str, str]


@dataclass
class Block:
    """A YAML block of the page and the rows of the table below it."""

    text: str
    rows: list[Row] = field(default_factory=list)


def blocks(page: str) -> Iterator[Block]:
    """Yield the YAML blocks with the tables that follow them, before the next block."""
    for part in re.split(r"^```yaml\n", page, flags=re.MULTILINE)[1:]:
        text, _, after = part.partition("\n```\n")
        lines = [[cell.strip() for cell in line[2:-2].split(" | ")] for line in after.splitlines() if line.startswith("| ")]
        rows = []
        if lines and lines[0][0] == "used":
            table = lines[: next((at for at, line in enumerate(lines) if line[0] == "aggregation"), None)]
            rows = [dict(zip(table[0], line, strict=True)) for line in table[2:]]
        yield Block(text, rows)


def book_of(block: Block, folder: Path) -> PriceBook | None:
    """Return the book of a block; what stands under a component becomes a book with that component. Meters have none."""
    raw = _read(block.text, folder)
    if "versions" in raw:
        return PriceBook.model_validate(raw)
    if "meters" in raw:
        return None
    model = raw["price"]["model"]
    meter = {} if model in ("flat", "capacity_tiers") else {"meter": "meter"}
    version = {"effective_from": date(2025, 1, 1), "components": [{"id": "component", **meter, **raw}]}
    return PriceBook.model_validate({"name": "page", "currency": "USD", "versions": [version]})


def _read(text: str, folder: Path) -> Any:
    path = folder / "block.yaml"
    path.write_text(text)
    return read_yaml(path)


def uses(words: str) -> list[Use]:
    """Read what a row says was used."""
    if listed := re.fullmatch(r"payments of (.+)", words):
        values = tuple(_numbers(listed[1]))
        return [Use("meter", sum(values, Decimal(0)), events=len(values), event_values=values)]
    if listed := re.fullmatch(r"calls carrying (.+)", words):
        values = tuple(_numbers(listed[1]))
        return [Use("meter", Decimal(len(values)), events=len(values), event_amount=sum(values, Decimal(0)))]
    if "+" in words:
        pairs = [part.split() for part in words.split(" + ")]
        return [Use("meter", Decimal(number), (("model", value),)) for number, value in pairs]
    pairs = [[*part.split(), "meter"][:2] for part in words.split(", ")]
    return [Use(meter, Decimal(number)) for number, meter in pairs if Decimal(number)]


def _numbers(words: str) -> list[Decimal]:
    return [Decimal(number) for number in re.split(r", | and ", words)]


def computed(book: PriceBook, row: Row) -> Row:
    """Return a row with its figures as the reference rates them."""
    version = book.version_on(date.fromisoformat(row.get("period from", "2025-02-01")))
    assert version is not None
    active, _, whole = row.get("days", "1 of 1").partition(" of ")
    share = Share(int(active), int(whole), int(row.get("period", "1")))
    currency = row.get("currency", book.currency)
    found = dict(row)
    for column in row:
        policy = book.model_copy(update={"policy": column}) if column in rating_preset_names() else book
        bill = rate_bill(version, uses(row["used"]), share, policy.rating_policy, currency)
        if column == "costs" or column in rating_preset_names():
            found[column] = str(bill.amount)
        if column == "how":
            found[column] = _how(bill)
    return found


def _how(bill: Bill) -> str:
    steps = [part.reason for line in bill.lines for part in line.parts]
    steps += [
        " ".join(filter(None, (step.kind.replace("_", " "), step.reason, f"{step.amount.normalize():f}")))
        for line in bill.lines
        for step in line.adjustments
    ]
    return "; ".join(steps)


def test_every_figure_of_the_page_is_what_the_reference_computes(tmp_path: Path) -> None:
    rated = 0
    for block in blocks(PAGE.read_text()):
        book = book_of(block, tmp_path)
        if book is None:
            assert MeterFile.model_validate(_read(block.text, tmp_path)).meters
            continue
        assert block.rows, f"no table below\n{block.text}"
        assert block.rows == [computed(book, row) for row in block.rows]
        rated += len(block.rows)
    assert rated > 40


def test_whole_books_of_the_page_name_meters_that_exist(tmp_path: Path) -> None:
    books = [book for block in blocks(PAGE.read_text()) if "versions:" in block.text and (book := book_of(block, tmp_path))]
    assert len(books) == 5
    assert list(unmet_meters(books, ())) == []


def test_the_page_shows_every_price_model_and_every_adjustment() -> None:
    union, _ = get_args(Price)
    models = [model.model_fields["model"].default for model in get_args(union)]
    page = PAGE.read_text()
    assert [name for name in models if f"model: {name}" not in page] == []
    assert [kind for kind in AdjustmentKind if f"kind: {kind}" not in page] == []


def test_the_explanation_names_every_choice_of_a_rating_policy() -> None:
    page = (ROOT / "docs" / "explanation" / "rating.md").read_text()
    choices = RatingPolicy.model_fields.keys() - {"name", "title", "source"}
    assert {field for field in choices if f"`{field}`" not in page} == set()
    assert [int(number) for number in re.findall(r"^\| (\d+)\. ", page, flags=re.MULTILINE)] == list(range(1, 25))


def test_the_published_schema_takes_what_the_program_takes_and_refuses_a_misspelt_field(tmp_path: Path) -> None:
    schemas = {name: json.loads((SCHEMAS / f"{name}.schema.json").read_text()) for name in ("price_book", "meters")}
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    examples = [path.read_text() for path in sorted((ROOT / "examples").glob("*/price_books/*.yaml"))]
    texts = [*examples, *(block.text for block in blocks(PAGE.read_text()) if re.search("^(versions|meters):", block.text, re.M))]
    assert len(texts) > 8
    for text in texts:
        raw = json.loads(json.dumps(_read(text, tmp_path), default=str))
        Draft202012Validator(schemas["price_book" if "versions" in raw else "meters"]).validate(raw)
    book = json.loads(json.dumps(_read(next(blocks(PAGE.read_text())).text, tmp_path), default=str))
    for spoiled in (
        {**book, "curency": "USD"},
        {**book, "versions": [{"effective_from": "2025-01-01", "components": [{"id": "a", "price": {"amount": 1}}]}]},
        {**book, "versions": [{"effective_from": "2025-01-01", "components": []}]},
    ):
        with pytest.raises(ValidationError):
            Draft202012Validator(schemas["price_book"]).validate(spoiled)
