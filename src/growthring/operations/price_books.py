"""Price books and rating policies as lists."""

from pathlib import Path
from typing import Any

from growthring.operations.project import Project
from growthring.pricing.book import PriceBook
from growthring.pricing.policy import rating_preset, rating_preset_names


def list_books(folder: Path) -> list[dict[str, Any]]:
    """Return the books of the project in a folder, one row a version."""
    books, _ = Project.open(folder).price_books
    return [row for book in books for row in _versions(book)]


def _versions(book: PriceBook) -> list[dict[str, Any]]:
    return [
        {
            "book": book.name,
            "title": book.title,
            "currency": book.currency,
            "policy": book.policy,
            "from": version.effective_from.isoformat(),
            "components": ", ".join(f"{each.id} ({each.every_price[0].model})" for each in version.components),
        }
        for version in book.versions
    ]


def list_rating_policies() -> list[dict[str, Any]]:
    """Return the shipped rating policies with what they reproduce and how they differ from the standard one."""
    standard = rating_preset("standard").model_dump(mode="json")
    rows = []
    for name in rating_preset_names():
        policy = rating_preset(name)
        own = {key: value for key, value in policy.model_dump(mode="json").items() if value != standard[key]}
        choices = "; ".join(f"{key} = {value}" for key, value in own.items() if key not in ("name", "title", "source"))
        rows.append({"policy": name, "title": policy.title, "choices": choices, "source": policy.source})
    return rows
