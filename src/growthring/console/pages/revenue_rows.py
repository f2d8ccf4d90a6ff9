"""The rows behind the revenue of one customer: entries of the movement ledger, then documents with their files."""

from collections.abc import Iterable

from growthring.console.answers import evidence
from growthring.console.blocks import Block, Column, Figure, Figures, Note, Table
from growthring.console.pages.evidence import AnswerOf
from growthring.console.pages.revenue_customers import PAGE_SIZE, cut_of, way
from growthring.console.pages.revenue_look import Look, opened, unit_words
from growthring.console.terms import DRIVERS, MOVEMENT_NAMES, worded
from growthring.console.visit import Section, Visit
from growthring.operations.answer import Answer
from growthring.operations.revenue.customer_rows import customer_documents, customer_movements


def one(visit: Visit) -> Iterable[Block]:
    """Show the entries of the movement ledger of one customer."""
    _ = visit.words
    found = opened(visit)
    answer = moved(visit)
    unit = unit_words(visit, answer.unit)
    href = evidence("customer_movements", **{**found.params, **visit.asked.params})
    yield Figures(
        [
            Figure(
                _("Change"),
                answer.value,
                "amount",
                unit,
                _("{period} · policy {policy}", period=answer.at, policy=found.policy),
                href,
            )
        ]
    )
    words = worded(DRIVERS, visit)
    columns = [
        Column("month", _("Month"), "month"),
        Column("movement", _("Movement"), "name", words=worded(MOVEMENT_NAMES, visit)),
        Column("driver", _("Driven by"), "name", words=words),
        Column("reason", _("Reason known"), "name", words=words),
        Column("product", _("Product"), "name"),
        Column("account", _("Account"), "code"),
        Column("amount", unit, "amount"),
    ]
    yield Table("entries", columns, answer.rows, _("Entries of the movement ledger"), _("Nothing changed in this period."))


def moved(visit: Visit) -> Answer:
    """Answer the ledger entries of the customer of a visit."""
    found = opened(visit)
    answer: Answer = visit.ask(
        customer_movements, visit.asked.get("customer"), found.view, since=visit.asked.get("from"), policy=found.policy
    )
    return answer


_KINDS = {"recurring": "recurring", "usage": "usage", "one_off": "one-off", "credit": "credit", "tax": "tax", "fee": "fee"}
_DATED = {
    "invoice_line": (("issued_on", "Issued"), ("period_start", "Service from"), ("period_end", "Service until")),
    "contract_line": (("starts_on", "From"), ("ends_on", "Until")),
    "usage": (("used_at", "Used"),),
}
_TITLES = {
    "invoice_line": "Invoice lines that bear on these months",
    "contract_line": "Contract lines in force in these months",
    "usage": "Usage of these months",
}


def documents(visit: Visit) -> Iterable[Block]:
    """Show the documents that the customer's revenue comes from, with the file and row of each."""
    found, _ = opened(visit), visit.words
    seen = False
    for name in _TITLES:
        answer = _documents(visit, found, name)
        if answer.value or visit.asked.get(f"{name}.find"):
            seen = True
            yield _document_table(visit, answer, name)
    if not seen:
        yield Note(_("No document bears on these months."))


def _documents(visit: Visit, found: Look, table: str) -> Answer:
    answer: Answer = visit.ask(
        customer_documents, visit.asked.get("customer"), table, found.view, cut_of(visit, table, PAGE_SIZE),
        since=visit.asked.get("from"), policy=found.policy,
    )  # fmt: skip
    return answer


def _document_table(visit: Visit, answer: Answer, name: str) -> Table:
    _ = visit.words
    dated = [Column(each, _(label), "month") for each, label in _DATED[name]]
    columns = [*dated, Column("product", _("Product"), "name")]
    if name == "usage":
        columns += [Column("meter", _("Meter"), "code"), Column("quantity", _("Quantity"), "number")]
    else:
        kinds = {kind: _(word) for kind, word in _KINDS.items()}
        columns += [
            Column("kind", _("Kind"), "name", words=kinds), Column("quantity", _("Quantity"), "number"),
            Column("amount", _("Amount"), "number"), Column("currency", _("Currency"), "code"),
            Column("counts", _("Counted"), "name", words={"yes": _("yes"), "no": _("no")}),
        ]  # fmt: skip
    columns += [
        Column("source_file", _("File"), "name"),
        Column("source_row", _("Row"), "count"),
        Column("key", _("Key"), "name"),
    ]
    return Table(name, columns, answer.rows, _(_TITLES[name]), "", PAGE_SIZE, total=int(str(answer.value)))


ONE = (Section("way", "", way), Section("entries", "What changed", one), Section("documents", "Where it comes from", documents))
ANSWERS: dict[str, AnswerOf] = {"customer_movements": moved}
