"""Data: what was read from where, how fresh it is, and the rows that were not taken as they stood."""

from collections.abc import Iterable

from growthring.console.answers import caveats, evidence
from growthring.console.blocks import Block, Choice, Choices, Column, Note, Statement, Statements, Table
from growthring.console.pages.data_words import PROBLEMS
from growthring.console.terms import worded
from growthring.console.visit import Visit
from growthring.operations.answer import Answer
from growthring.operations.data.data_state import data_state
from growthring.operations.data.problems import ProblemRows, find_problems, problem_summary

_PAGE = 20


def state_of(visit: Visit) -> Answer:
    """Answer what was read."""
    found: Answer = visit.ask(data_state)
    return found


def problems_of(visit: Visit) -> Answer:
    """Answer what was wrong with it."""
    found: Answer = visit.ask(problem_summary)
    return found


def sources(visit: Visit) -> Iterable[Block]:
    """List sources with what became of their rows; one opens its files."""
    _, asked, found = visit.words, visit.asked, state_of(visit)
    known = {row["table"]: row["known_through"] for row in found.rows if row["kind"] == "table"}
    rows = [
        {
            **row,
            "known": known.get(row["table"], ""),
            "_files": asked.url(source=row["source"]) + "#sources",
            "_problems": asked.url(code=None, problem_source=row["source"]) + "#problems" if row["rejected"] else "",
            "_evidence": evidence("rows read"),
        }
        for row in found.rows
        if row["kind"] == "source"
    ]
    yield Table(
        "sources",
        [
            Column("source", _("Source"), "name", href="_files"),
            Column("table", _("Table"), "code"),
            Column("files", _("Files"), "count"),
            *_counts(visit, "_evidence"),
            Column("known", _("Last known"), "name"),
        ],
        rows,
        find=len(rows) > 20,
    )
    if chosen := asked.get("source"):
        files = [row for row in found.rows if row["kind"] == "file" and row["source"] == chosen]
        title = _("Files of {source}", source=chosen)
        yield Table("files", [Column("file", _("File"), "name"), *_counts(visit)], files, title, _("It read no file."))


def _counts(visit: Visit, href: str = "") -> list[Column]:
    _ = visit.words
    return [
        Column("read", _("Rows read"), "count", href=href),
        Column("accepted", _("As they stood"), "count"),
        Column("corrected", _("Corrected"), "count"),
        Column("rejected", _("Rejected"), "count", href="_problems" if href else ""),
        Column("taken", _("Share taken"), "share"),
    ]


def problems(visit: Visit) -> Iterable[Block]:
    """List what was wrong, the worst first, with what to do; each opens its rows."""
    _, asked, found = visit.words, visit.asked, problems_of(visit)
    if not found.rows:
        yield Note(_("Every row was taken as it stood."), state="done")
        return
    yield Statements([problem_statement(visit, found)])
    rows = [
        {
            **row,
            "_rows": asked.url(code=row["code"], problem_source=row["source"], **{"rows.page": None, "rows.find": None})
            + "#problems",
        }
        for row in found.rows
    ]
    codes, severities = code_words(visit), severity_words(visit)
    yield Table(
        "problems",
        [
            Column("code", _("What is wrong"), "name", href="_rows", words=codes),
            Column("severity", _("Row is"), words=severities),
            Column("source", _("Source"), "name"),
            Column("rows", _("Rows"), "count", href="_rows"),
            Column("amount", _("At stake, {currency}", currency=found.unit), "amount"),
            Column("amounts", _("As written"), "long"),
            Column("remedy", _("What to do"), "long"),
        ],
        rows,
    )
    yield from caveats(found)
    yield from problem_rows(visit, found)


def problem_statement(visit: Visit, found: Answer) -> Statement:
    """Say how many rows were left out and what they are worth."""
    _ = visit.words
    count = sum(row["rows"] for row in found.rows if row["severity"] == "rejected")
    if not count:
        return Statement(_("No row was rejected; those that were corrected stand below."), evidence("problems"), tone="good")
    amount = f"{found.unit} {_.brief(found.value)}"
    text = _("{count} rows are left out of every figure; {amount} stand on them.", count=_.value(count, "count"), amount=amount)
    return Statement(text, evidence("problems"), tone="bad")


def problem_rows(visit: Visit, found: Answer) -> Iterable[Block]:
    """Show the rows of a code, or of a source; found, sorted and cut where they lie."""
    _, asked = visit.words, visit.asked
    code, source = asked.get("code"), asked.get("problem_source")
    if not (code or source):
        return
    codes = code_words(visit)
    known = list(dict.fromkeys(row["code"] for row in found.rows))
    named = list(dict.fromkeys(row["source"] for row in found.rows))
    yield Choices(
        [
            Choice("code", _("What is wrong"), [("", _("anything")), *((each, codes.get(each, each)) for each in known)], code),
            Choice("problem_source", _("Source"), [("", _("any")), *((each, each) for each in named)], source),
        ],
        {name: value for name, value in asked.params.items() if name not in ("code", "problem_source", "rows.page")},
    )
    page = asked.number("rows.page", 1)
    rows: ProblemRows = visit.ask(
        find_problems,
        code=code,
        source=source,
        find=asked.get("rows.find"),
        sort=asked.get("rows.sort"),
        offset=0 if visit.patient else (page - 1) * _PAGE,
        limit=0 if visit.patient else _PAGE,
    )
    yield Table(
        "rows",
        [
            Column("file", _("File"), "name"),
            Column("row_number", _("Row"), "count"),
            Column("row_key", _("Key"), "name"),
            Column("message", _("What is wrong with it"), "long"),
            Column("amount", _("Amount"), "amount"),
            Column("currency", _("Currency")),
            Column("payload", _("As it was read"), "long"),
        ],
        rows.rows,
        _("The rows"),
        page_size=_PAGE,
        total=rows.total,
    )


def severity_words(visit: Visit) -> dict[str, str]:
    """Return the words of severities."""
    _ = visit.words
    return {"rejected": _("rejected"), "corrected": _("corrected"), "warning": _("in doubt")}


def code_words(visit: Visit) -> dict[str, str]:
    """Return the words of codes; those without are written in small letters."""
    known = worded(PROBLEMS, visit)
    codes = dict.fromkeys(row["code"] for row in problems_of(visit).rows)
    return {code: known.get(code, code.replace("_", " ").lower()) for code in codes}
