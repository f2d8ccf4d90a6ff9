"""Unusual usage on one page: run-rate, one-offs, spikes with a common cause, and what nobody has explained (FC-05, FC-06)."""

from dataclasses import replace

from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer
from growthring.operations.history.shared_spikes import shared_spikes
from growthring.operations.history.unusual import Asked, one_offs, run_rate
from growthring.operations.history.why import open_questions
from growthring.operations.known_names import account_names
from growthring.operations.project import Project

_STAGES = 4
_LISTED = 200


def review_usage(project: Project, asked: Asked | None = None, *, by: str = "median_3", progress: Progress = silent) -> Answer:
    """Answer the run-rate, and beside it everything that makes it differ from the last month times twelve.

    Rows have a ``kind``: ``run_rate`` (``total`` first, then accounts), ``one_off``, ``spike`` and ``question``; of each the
    largest two hundred.

    Args:
        project: The project.
        asked: Which usage; a measure in money.
        by: Name of the run-rate policy.
        progress: Told how far it is.
    """
    wanted = asked or Asked()
    progress("run rate", 0, _STAGES)
    found = run_rate(project, wanted, by=by, progress=progress)
    progress("one-offs", 1, _STAGES)
    stretches = one_offs(project, wanted, progress=progress)
    progress("spikes", 2, _STAGES)
    spikes = shared_spikes(project, wanted, progress=progress)
    progress("open questions", 3, _STAGES)
    questions = open_questions(project, wanted, top=_LISTED, progress=progress)
    names = account_names(project)
    parts = {"run_rate": found, "one_off": stretches, "spike": spikes, "question": questions}
    return replace(
        found,
        rows=[
            {"kind": kind, **row} | ({"name": names.get(row["account"], row["account"])} if "account" in row else {})
            for kind, each in parts.items()
            for row in each.rows[:_LISTED]
        ],
        caveats=[*found.caveats, *stretches.caveats[:1]],
    )
