"""Writing about a customer: why usage changed, an override, a tag, taking an entry back."""

from growthring.console.deeds import Deed, Given, Told
from growthring.console.pages.account_chosen import TAGS
from growthring.console.pages.account_given import chosen, customer, reason
from growthring.console.pages.account_override import OVERRIDE
from growthring.console.pages.account_said import EVIDENCE
from growthring.console.pages.forecast_terms import CAUSES
from growthring.console.visit import Visit
from growthring.kernel.errors import GrowthringError
from growthring.kernel.period import Month
from growthring.operations.accounts.notes import account_notes
from growthring.operations.forecasting.overrides import expire_override
from growthring.operations.history.decisions import check_tag, revoke_tag, tag_account
from growthring.operations.history.why import answer_question, check_answer


def told_why(visit: Visit, given: Given) -> Told:
    """Check an answer to why usage changed, and say what it will write."""
    _ = visit.words
    first, last = _months(given)
    check_answer(visit.project, given.get("id", ""), first=first, last=last, code=given.get("code", ""), evidence=_known(given))
    lines = [
        *customer(visit, given),
        (_("Months"), f"{first} – {last}"),
        (_("Why"), _(chosen("answer", given.get("code", ""), CAUSES))),
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


def told_tag(visit: Visit, given: Given) -> Told:
    """Check a tag, and say what it will write."""
    _ = visit.words
    check_tag(visit.project, given.get("id", ""), given.get("tag", ""), given.get("first", ""), given.get("last") or None)
    why = reason(given)
    months = f"{given['first']} – {given.get('last') or given['first']}"
    return [*customer(visit, given), (_("What it is"), _(TAGS[given["tag"]])), (_("Months"), months), (_("Why"), why)]


def do_tag(visit: Visit, given: Given) -> str:
    """Write the tag."""
    tag_account(
        visit.project, given["id"], given["tag"], given["first"], given.get("last") or None, because=reason(given),
        author=visit.user.name,
    )  # fmt: skip
    return visit.words("Written: a tag for {months}.", months=given["first"])


def told_taken_back(visit: Visit, given: Given) -> Told:
    """Check that an entry is there, and say that it will be taken back."""
    _ = visit.words
    row = _entry(visit, given)
    return [
        *customer(visit, given),
        (_("Taken back"), f"{row['what'].replace('_', ' ')} · {row['from']} · {row['because']} · {row['author']}"),
        (_("Why"), reason(given)),
        (_("What follows"), _("It no longer counts; the journal keeps it and who took it back.")),
    ]


def do_take_back(visit: Visit, given: Given) -> str:
    """Take the entry back."""
    kind, __, number = _entry(visit, given)["key"].partition(" ")
    if kind == "tag":
        revoke_tag(visit.project, int(number), because=reason(given), author=visit.user.name)
    else:
        expire_override(visit.project, int(number), because=reason(given), author=visit.user.name)
    return visit.words("Taken back.")


def _months(given: Given) -> tuple[str, str]:
    first, __, last = given.get("months", "").partition(" ")
    return str(Month.parse(first)), str(Month.parse(last or first))


def _known(given: Given) -> str:
    """Return the evidence as the journal keeps it, in English whatever the reader's language."""
    source = chosen("evidence", given.get("known_from", ""), EVIDENCE)
    return ": ".join(part for part in (source, given.get("note", "")) if part)


def _evidence_in_words(visit: Visit, given: Given) -> str:
    source = visit.words(chosen("evidence", given.get("known_from", ""), EVIDENCE))
    return ": ".join(part for part in (source, given.get("note", "")) if part)


def _entry(visit: Visit, given: Given) -> dict[str, str]:
    rows = visit.ask(account_notes, given.get("id", "")).rows
    found = [row for row in rows if row["key"] and row["key"] == given.get("key")]
    if not found:
        raise GrowthringError("This entry is no longer there to be taken back.", remedy="Reload the page: somebody was faster.")
    return dict(found[0])


DEEDS = (
    Deed("account_why", "Say why usage changed", "contributor", told_why, do_why),
    OVERRIDE,
    Deed("account_tag", "Tag months of this customer", "contributor", told_tag, do_tag),
    Deed("account_take_back", "Take an entry back", "contributor", told_taken_back, do_take_back),
)
