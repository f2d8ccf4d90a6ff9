"""SQL: any relation, under a policy, in the dialect of the reader's warehouse."""

from growthring.engine.dialects import transpile
from growthring.engine.relation import compose, literal
from growthring.kernel.errors import UnknownValueError
from growthring.operations.project import Project
from growthring.operations.reading import last_month_of, read
from growthring.revenue.evaluation import Question, question_chain, standalone_sql
from growthring.revenue.inputs import INPUT_COLUMNS
from growthring.revenue.metrics import METRICS, Combine

_BATCH = 500


def inputs_sql(project: Project, *, policy: str | None = None, dialect: str = "duckdb") -> str:
    """Return the statements that make the small tables beside the canonical ones: calendar, currencies, rates, families, tags.

    Args:
        project: The project.
        policy: Policy name; the project's when absent. It decides families and exclusions.
        dialect: SQL dialect to write.
    """
    reading = read(project, policy=project.policy(policy))
    statements: list[str] = []
    for name, columns in INPUT_COLUMNS.items():
        statements.append(transpile(f"CREATE TABLE {name} ({columns})", dialect))
        rows = reading.ledger.connection.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall()
        for start in range(0, len(rows), _BATCH):
            values = ", ".join(f"({', '.join(literal(value) for value in row)})" for row in rows[start : start + _BATCH])
            statements.append(f"INSERT INTO {name} VALUES {values}")
    return ";\n".join(statements) + ";"


def relation_sql(
    project: Project, name: str, *, policy: str | None = None, dialect: str = "duckdb", at: str | None = None
) -> str:
    """Return one statement that computes a relation or metric from the canonical tables.

    Args:
        project: The project.
        name: A metric, or a relation such as recurring or movement.
        policy: Policy name; the project's when absent.
        dialect: SQL dialect to write.
        at: Month of a metric.

    Raises:
        UnknownValueError: Neither a metric nor a relation has the name.
    """
    wanted = METRICS.get(name)
    reading = read(project, policy=project.policy(policy), metric=wanted)
    if wanted:
        month = last_month_of(reading, at, include_partial=True)
        question = Question(wanted, (month,))
        if wanted.combine is Combine.TABLE:
            return transpile(
                compose([*reading.ledger.chain, *question_chain(reading.ledger, question)], wanted.relation), dialect
            )
        return transpile(standalone_sql(reading.ledger, question), dialect)
    known = [each.name for each in reading.ledger.chain]
    if name not in known:
        raise UnknownValueError("relation or metric", name, [*known, *METRICS])
    return transpile(compose(reading.ledger.chain, name), dialect)
