"""Problem rows: input that was not taken as it stood, and what to do about it."""

from growthring.tables.contract import Column, ColumnType, Table, amount, text

PROBLEM = Table(
    name="problem",
    meaning="An input row that was rejected or corrected, or a doubt about a file; nothing is dropped without one.",
    grain="problem",
    columns=(
        text("code", "What is wrong, in capitals; the reference lists every code.", required=True),
        text(
            "severity",
            "rejected: the row is not used; corrected: it is used after the named correction; warning: it is used as it is.",
            required=True,
            values=("rejected", "corrected", "warning"),
        ),
        text("source", "The source's name in growthring.toml.", required=True),
        text("table_name", "The canonical table the row was meant for.", required=True),
        text("file", "The file, relative to the project.", required=True),
        Column("row_number", ColumnType.COUNT, "The row in that file, the first data row being 1; empty for a whole file."),
        text("row_key", "The row's key, as far as it could be read."),
        text("message", "What is wrong, with the offending value.", required=True),
        text("remedy", "What to do about it.", required=True),
        amount("amount", "The money at stake, when the row's amount could be read."),
        text("currency", "Currency of that amount."),
        text("payload", "The row as it was read, as JSON."),
    ),
    key=("source", "file", "row_number", "code"),
)
