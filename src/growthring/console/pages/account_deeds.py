"""Writing about a customer: why usage changed, an override, a tag, taking an entry back."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from growthring.console.deeds import Deed, Given
from growthring.console.pages.account_chosen import TAGS
from growthring.console.pages.account_said import CONFIDENCE, EVIDENCE, SPEAKERS
from growthring.console.pages.forecast_terms import CAUSES, LAYERS, METHODS, REASONS
from growthring.console.visit import Visit
from growthring.kernel.errors import GrowthringError, UnknownValueError
from growthring.kernel.period import Month
from growthring.operations.accounts.notes import account_notes
from growthring.operations.accounts.revenue import account_facts
from growthring.operations.forecasting.overrides import Wanted, add_override, check_override, expire_override
from growthring.operations.history.decisions import check_tag, revoke_tag, tag_account
from growthring.operations.history.why import answer_question, check_answer

Told = Sequence[tuple[str, str]]


def told_why(visit: Visit, given: Given) -> Told:
    """Check an answer to why usage changed, and say what it will write."""
    _ = visit.words
    first, last = _months(given)
    check_answer(visit.project, given.get("id", ""), first=first, last=last, code=given.get("code", ""), evidence=_known(given))
    lines = [
        *_about(visit, given),
        (_("Months"), f"{first} – {last}"),
        (_("Why"), _(_chosen("answer", given.get("code", ""), CAUSES))),
        (_("How it is known"), _evidence_in_words(visit, given)),
    ]
    effects = {
        "one_off": _("These months are tagged: recurring revenue and run-rate leave them out."),
        "structural": _("They stay in the run-rate; a tag that an earlier answer set is taken back."),
        "seasonal": _("They stay in the run-rate; a tag that an earlier answer set is taken back."),
    }
    return [*lines, (_("What follows"), effects.get(given["code"], _("The question is closed; figures stay as they are.")))]


def do_why(visit: Visit, given: Given) -> str:
    """Write the answer."""
    first, last = _months(given)
    answer_question(
        visit.project, given["id"], first=first, last=last, code=given["code"], evidence=_known(given), author=visit.user.name
    )
    return visit.words("Written: why usage changed in {months}.", months=first if first == last else f"{first} – {last}")


def told_override(visit: Visit, given: Given) -> Told:
    """Check an override, and say what it will write."""
    _ = visit.words
    wanted = _wanted(given)
    check_override(visit.project, wanted)
    return [
        *_about(visit, given),
        (_("What to do with the model's figure"), _(METHODS[wanted.method])),
        (_("Amount a month, or factor"), _.value(str(wanted.amount), "amount")),
        (_("Months"), f"{wanted.first} – {wanted.last or _('for good')}"),
        (_("Reason"), _(REASONS[wanted.reason])),
        (_("How sure"), _(CONFIDENCE[given.get("confidence", "")])),
        (_("Counts until"), wanted.expires.isoformat() if wanted.expires else _("never")),
        (_("Who speaks"), _(LAYERS[wanted.layer])),
        (_("What is known"), wanted.note),
    ]


def do_override(visit: Visit, given: Given) -> str:
    """Write the override."""
    add_override(visit.project, _wanted(given), author=visit.user.name)
    return visit.words("Written: the forecast of this customer counts what you know.")


def told_tag(visit: Visit, given: Given) -> Told:
    """Check a tag, and say what it will write."""
    _ = visit.words
    check_tag(visit.project, given.get("id", ""), given.get("tag", ""), given.get("first", ""), given.get("last") or None)
    note = _note(given)
    months = f"{given['first']} – {given.get('last') or given['first']}"
    return [*_about(visit, given), (_("What it is"), _(TAGS[given["tag"]])), (_("Months"), months), (_("Why"), note)]


def do_tag(visit: Visit, given: Given) -> str:
    """Write the tag."""
    tag_account(
        visit.project, given["id"], given["tag"], given["first"], given.get("last") or None, because=_note(given),
        author=visit.user.name,
    )  # fmt: skip
    return visit.words("Written: a tag for {months}.", months=given["first"])


def told_taken_back(visit: Visit, given: Given) -> Told:
    """Check that an entry is there, and say that it will be taken back."""
    _ = visit.words
    row = _entry(visit, given)
    return [
        *_about(visit, given),
        (_("Taken back"), f"{row['what'].replace('_', ' ')} · {row['from']} · {row['because']} · {row['author']}"),
        (_("Why"), _note(given)),
        (_("What follows"), _("It no longer counts; the journal keeps it and who took it back.")),
    ]


def do_take_back(visit: Visit, given: Given) -> str:
    """Take the entry back."""
    kind, __, number = _entry(visit, given)["key"].partition(" ")
    if kind == "tag":
        revoke_tag(visit.project, int(number), because=_note(given), author=visit.user.name)
    else:
        expire_override(visit.project, int(number), because=_note(given), author=visit.user.name)
    return visit.words("Taken back.")


def _about(visit: Visit, given: Given) -> Told:
    row = visit.ask(account_facts, given.get("id", "")).rows[0]
    name = row["name"] if row["name"] == row["account_id"] else f"{row['name']} ({row['account_id']})"
    return [(visit.words("Customer"), name)]


def _wanted(given: Given) -> Wanted:
    try:
        amount = Decimal(given.get("amount", ""))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise GrowthringError(f"{given.get('amount', '')!r} is no number.", valid="Valid: an amount such as 1200 or -350.50.")
    _chosen("method", given.get("method", ""), METHODS)
    _chosen("reason", given.get("reason", ""), REASONS)
    _chosen("confidence", given.get("confidence", ""), CONFIDENCE)
    _chosen("layer", given.get("layer", ""), {name: LAYERS[name] for name in SPEAKERS})
    return Wanted(
        given["method"],
        amount,
        given.get("first", ""),
        given.get("last") or None,
        given["reason"],
        _note(given),
        account=given.get("id", ""),
        layer=given["layer"],
        expires=_day(given.get("expires", "")),
        confidence=float(given["confidence"]),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise GrowthringError(f"{text!r} is no day.", valid="Valid: a day such as 2025-06-30.") from None


def _months(given: Given) -> tuple[str, str]:
    first, __, last = given.get("months", "").partition(" ")
    return str(Month.parse(first)), str(Month.parse(last or first))


def _known(given: Given) -> str:
    """Return the evidence as the journal keeps it, in English whatever the reader's language."""
    source = _chosen("evidence", given.get("known_from", ""), EVIDENCE)
    return ": ".join(part for part in (source, given.get("note", "")) if part)


def _evidence_in_words(visit: Visit, given: Given) -> str:
    source = visit.words(_chosen("evidence", given.get("known_from", ""), EVIDENCE))
    return ": ".join(part for part in (source, given.get("note", "")) if part)


def _note(given: Given) -> str:
    if not given.get("note", ""):
        raise GrowthringError(
            "Nothing was said about why.", valid="An entry is kept with its reason.", remedy="Write a sentence."
        )
    return given["note"]


def _chosen(what: str, code: str, words: Mapping[str, str]) -> str:
    """Return the word of a code that was chosen; nothing else can be sent."""
    if code not in words:
        raise UnknownValueError(what, code, words)
    return words[code]


def _entry(visit: Visit, given: Given) -> dict[str, str]:
    rows = visit.ask(account_notes, given.get("id", "")).rows
    found = [row for row in rows if row["key"] and row["key"] == given.get("key")]
    if not found:
        raise GrowthringError("This entry is no longer there to be taken back.", remedy="Reload the page: somebody was faster.")
    return dict(found[0])


DEEDS = (
    Deed("account_why", "Say why usage changed", "contributor", told_why, do_why),
    Deed("account_override", "Say that the forecast should differ", "contributor", told_override, do_override),
    Deed("account_tag", "Tag months of this customer", "contributor", told_tag, do_tag),
    Deed("account_take_back", "Take an entry back", "contributor", told_taken_back, do_take_back),
)
