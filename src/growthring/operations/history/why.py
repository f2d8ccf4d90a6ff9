"""Why did usage change: few questions, ordered by money, each asked once; the answers steer ledger and run-rate (FC-05)."""

import getpass
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from growthring.forecast.jumps import find_jumps
from growthring.forecast.one_offs import OneOff, OneOffs, Verdict
from growthring.forecast.spikes import find_shared_spikes
from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.kernel.period import Month
from growthring.kernel.progress import Progress, silent
from growthring.operations.answer import Answer
from growthring.operations.history.decisions import tag_account
from growthring.operations.history.external_events import events
from growthring.operations.history.opening import History
from growthring.operations.history.unusual import Asked, amounts, find
from growthring.operations.known_names import KnownNames
from growthring.operations.project import Project

if TYPE_CHECKING:
    from growthring.journal.entries import Tag

_YEAR = 12
_MARK = "why: "
_DEFINITION = (
    "Accounts whose usage left its level in the last twelve months and of which nobody said why. At stake is the year that naive "
    "annualising would add or take away: twelve times the excess of a month, or of the new level. Answered months are not asked "
    "again, and events on record answer for their accounts."
)


@dataclass(frozen=True, slots=True)
class Question:
    """A change nobody explained yet; columns are those of the panel, amounts a month."""

    row: int
    start: int
    stop: int
    what: str
    usual: float
    amount: float

    @property
    def at_stake(self) -> float:
        """What a year of it would be."""
        return _YEAR * (self.amount - self.usual)


def open_questions(project: Project, asked: Asked, *, top: int = 10, progress: Progress = silent) -> Answer:
    """Answer which changes of usage want a reason, the largest first.

    Args:
        project: The project.
        asked: Which usage.
        top: Questions listed; 0 lists all.
        progress: Told about what has to be computed first.
    """
    history, unusual = find(project, asked, progress)
    closed = _answered(project, history, asked.as_of)
    questions = [each for each in _questions(unusual) if not _is_closed(each, history, closed)]
    ordered = sorted(questions, key=lambda each: (-abs(each.at_stake), each.row, each.start))
    listed = ordered[:top] if top else ordered
    shared = _shared(history)
    waiting = len(ordered) - len(listed)
    return Answer(
        metric="open_questions",
        value=len(ordered),
        unit="questions",
        at=str(history.panel.last_month),
        definition=_DEFINITION,
        policy=history.policy,
        snapshot=history.snapshot_id,
        rows=[_row(history, each, shared) for each in listed],
        caveats=[f"{waiting:,} smaller ones wait until these are answered; --top 0 lists all."] if waiting else [],
    )


def answer_question(
    project: Project, account: str, *, first: str, last: str | None, code: str, evidence: str, author: str | None
) -> dict[str, Any]:
    """Record why an account's usage changed.

    One-off answers tag the months, so that the ledger and the run-rate leave them out; a later answer that it is none takes that
    tag back.

    Raises:
        GrowthringError: There is no such code or account, no evidence, or the data do not hold the months.
    """
    from growthring.journal.forecast_entries import GrowthReason

    check_answer(project, account, first=first, last=last, code=code, evidence=evidence)
    who, start = author or getpass.getuser(), Month.parse(first)
    end = Month.parse(last) if last else start
    tagged, revoked = None, []
    if code == GrowthReason.ONE_OFF:
        tagged = tag_account(project, account, "one_off", first, last, because=f"{_MARK}{evidence}", author=who)["tag_id"]
    with project.journal() as journal:
        if code in (GrowthReason.STRUCTURAL, GrowthReason.SEASONAL):
            revoked = [tag.tag_id for tag in journal.tags() if _is_own_tag(tag, account, start, end)]
        for tag_id in revoked:
            journal.revoke_tag(tag_id, author=who, because=f"answered again: {evidence}")
        reason = journal.add_reason(account, start.index, end.index, GrowthReason(code), evidence=evidence, author=who)
    return {
        "reason_id": reason.reason_id,
        "account": account,
        "from": str(start),
        "to": str(end),
        "code": code,
        "evidence": evidence,
        "author": who,
        "tag_id": tagged,
        "revoked_tags": revoked,
    }


def check_answer(project: Project, account: str, *, first: str, last: str | None, code: str, evidence: str) -> None:
    """Stop where an answer could not be recorded, before anybody is asked to confirm it.

    Raises:
        GrowthringError: There is no such code or account, no evidence, or the data do not hold the months.
    """
    from growthring.journal.forecast_entries import GrowthReason

    if code not in tuple(GrowthReason):
        raise UnknownValueError("code", code, GrowthReason)
    if not evidence.strip():
        raise GrowthringError(
            "No evidence was given.", valid="An answer is kept with its evidence.", remedy="Pass --evidence TEXT."
        )
    start = Month.parse(first)
    known = KnownNames(project)
    known.require_account(account)
    known.require_months_of_data(start, Month.parse(last) if last else start)


def _is_own_tag(tag: "Tag", account: str, start: Month, end: Month) -> bool:
    """Tell whether a tag came from an answer about months of an account; other tags are their author's to take back."""
    is_answer = tag.account_id == account and tag.tag.value == "one_off" and tag.because.startswith(_MARK)
    return is_answer and tag.first_month <= end.index and tag.last_month >= start.index


def _questions(found: OneOffs) -> list[Question]:
    """Return every change of the last twelve months: stretches, and levels that lasted."""
    panel = found.panel
    since = panel.last_known - _YEAR + 1
    asked_about = (Verdict.FOUND, Verdict.UNKNOWN_YET)
    questions = [_of_stretch(each) for each in found.found if each.verdict in asked_about and each.start + each.length > since]
    taken = {(each.row, column) for each in questions for column in range(each.start, each.stop)}
    for jump in find_jumps(found):
        if jump.start >= since and panel.alive[jump.row] and (jump.row, jump.start) not in taken:
            what = "new level" if jump.change > 0 else "lower level"
            questions.append(Question(jump.row, jump.start, jump.start + 1, what, jump.before, jump.after))
    return questions


def _of_stretch(each: OneOff) -> Question:
    way = "rise" if each.excess > 0 else "fall"
    what = f"{way}, may last" if each.verdict is Verdict.UNKNOWN_YET else f"{way}, gone back"
    return Question(each.row, each.start, each.start + each.length, what, each.usual / each.length, each.value / each.length)


def _answered(project: Project, history: History, as_of: datetime | None) -> dict[str, list[tuple[int, int]]]:
    """Return the months that somebody spoke about, by account: answers, one-off tags, and events on record."""
    spans: dict[str, list[tuple[int, int]]] = {}
    if not project.has_journal():
        return spans
    known_at = as_of.replace(tzinfo=UTC) if as_of is not None and as_of.tzinfo is None else as_of
    with project.journal() as journal:
        for reason in journal.reasons(known_at=known_at):
            spans.setdefault(reason.account_id, []).append((reason.first_month, reason.last_month))
        for tag in journal.tags(known_at=known_at):
            if tag.tag.value == "one_off":
                spans.setdefault(tag.account_id, []).append((tag.first_month, tag.last_month))
    for event in events(project, as_of):
        values = history.panel.attributes.get(event.attribute or "")
        if values is not None:
            for account in history.panel.accounts[values == event.value]:
                last = event.last_month if event.last_month is not None else event.first_month
                spans.setdefault(str(account), []).append((event.first_month, last))
    return spans


def _is_closed(each: Question, history: History, closed: dict[str, list[tuple[int, int]]]) -> bool:
    first, last = history.panel.first_month + each.start, history.panel.first_month + each.stop - 1
    return any(start <= last and stop >= first for start, stop in closed.get(str(history.panel.accounts[each.row]), ()))


def _shared(history: History) -> dict[tuple[int, int], str]:
    """Return the common cause of a row and column, where several accounts with one attribute value rose together."""
    return {
        (int(row), spike.column): f"{spike.attribute}={spike.value}"
        for spike in find_shared_spikes(history.panel)
        for row in spike.affected
    }


def _row(history: History, each: Question, shared: dict[tuple[int, int], str]) -> dict[str, Any]:
    amount, first = amounts(history), history.panel.first_month
    causes = [shared[each.row, column] for column in range(each.start, each.stop) if (each.row, column) in shared]
    return {
        "account": str(history.panel.accounts[each.row]),
        "from": str(Month(first + each.start)),
        "to": str(Month(first + each.stop - 1)),
        "what": each.what,
        "usual": amount(each.usual),
        "amount": amount(each.amount),
        "at_stake": amount(each.at_stake),
        "shared_with": causes[0] if causes else "",
    }
