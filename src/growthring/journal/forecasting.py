"""What people know that the data cannot: overrides of forecasts, external events, reasons for growth, decisions."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Table, insert

from growthring.journal.database import writing
from growthring.journal.forecast_entries import (
    Decision,
    Expiry,
    ExternalEvent,
    GrowthReason,
    Override,
    OverrideLayer,
    OverrideMethod,
    OverrideReason,
    Reason,
)
from growthring.journal.forecast_rows import (
    DECISIONS,
    EVENTS,
    OVERRIDES,
    REASONS,
    decision_of,
    events_of,
    overrides_of,
    reason_of,
)
from growthring.journal.forecast_schema import (
    DECISION,
    EXTERNAL_EVENT,
    EXTERNAL_EVENT_EXPIRY,
    FORECAST_OVERRIDE,
    FORECAST_OVERRIDE_EXPIRY,
    GROWTH_REASON,
)
from growthring.journal.opened import OpenedJournal, require_months_in_order, require_reason
from growthring.journal.rows import row_of
from growthring.kernel.errors import GrowthringError, UnknownValueError


class _Expiring(Protocol):
    @property
    def expired_by(self) -> Expiry | None: ...


_Entry = TypeVar("_Entry", bound=_Expiring)


class ForecastEntries(OpenedJournal):
    """The part of the journal in which people say what they expect, and why."""

    def add_override(
        self,
        layer: OverrideLayer,
        method: OverrideMethod,
        amount: Decimal,
        *,
        measure: str,
        first_month: int,
        last_month: int | None,
        reason_code: OverrideReason,
        note: str,
        confidence: float,
        author: str,
        account_id: str | None = None,
        series: str | None = None,
        attribute: str | None = None,
        value: str | None = None,
        expires_on: date | None = None,
    ) -> Override:
        """Record how a forecast should differ from the model's, and why (FC-04).

        Args:
            layer: Which voice speaks.
            method: How the amount changes the forecast.
            amount: An amount a month in the measure's unit, or a factor for multiply.
            measure: What is forecast: ``revenue``, or ``usage:METER``.
            first_month: First month, counted as year × 12 + month − 1.
            last_month: Last month, included; nothing means for good.
            reason_code: Why, coded.
            note: Why, in words; required.
            confidence: How sure the author is, 0 to 1.
            author: Who says so.
            account_id: The account it is about.
            series: One product or meter of that account.
            attribute: An attribute of accounts, instead of an account.
            value: The attribute's value; with neither account nor attribute it is about everything.
            expires_on: Day after which it no longer counts.

        Raises:
            GrowthringError: The months run backwards, the scope is not one of the three, a number cannot be used, or no note
                is given.
        """
        require_months_in_order("override", first_month, last_month)
        require_reason(note, "--note")
        _require_scope(account_id, series, attribute, value)
        _require_numbers(OverrideMethod(method), amount, confidence)
        with writing(self._engine) as connection:
            entry = Override(
                override_id=0,
                layer=OverrideLayer(layer),
                method=OverrideMethod(method),
                amount=amount,
                measure=measure,
                first_month=first_month,
                last_month=last_month,
                reason_code=OverrideReason(reason_code),
                note=note,
                confidence=confidence,
                author=author,
                recorded_at=self._clock(),
                account_id=account_id,
                series=series,
                attribute=attribute,
                value=value,
                expires_on=expires_on,
            )
            return replace(entry, override_id=_append(connection, FORECAST_OVERRIDE, entry))

    def expire_override(self, override_id: int, *, author: str, because: str) -> Override:
        """Take an override back, by an entry of its own; reads as of an earlier time still see it.

        Raises:
            UnknownValueError: No override that was not taken back has that number.
        """
        with writing(self._engine) as connection:
            known = {each.override_id: each for each in overrides_of(connection.execute(OVERRIDES))}
            entry, expiry = _taken_back("override", override_id, known, Expiry(self._clock(), author, because))
            connection.execute(insert(FORECAST_OVERRIDE_EXPIRY).values({"override_id": override_id} | row_of(expiry)))
        return replace(entry, expired_by=expiry)

    def overrides(self, *, known_at: datetime | None = None, with_expired: bool = False) -> list[Override]:
        """Return the overrides that count now, or as known on an instant's day, in order of recording.

        Args:
            known_at: Leave out every override and every expiry recorded later.
            with_expired: Return those that no longer count, too: taken back, or past their last day.
        """
        found = overrides_of(self._rows(OVERRIDES), known_at)
        day = (known_at or self._clock()).date()
        return found if with_expired else [each for each in found if each.counts_on(day)]

    def add_event(
        self,
        name: str,
        *,
        attribute: str | None,
        value: str | None,
        first_month: int,
        last_month: int | None,
        note: str,
        author: str,
    ) -> ExternalEvent:
        """Record something outside the company that moves the usage of accounts with a value of an attribute (FC-09).

        Raises:
            GrowthringError: The months run backwards, the scope is half given, or no note is given.
        """
        require_months_in_order("event", first_month, last_month)
        require_reason(note, "--note")
        _require_scope(None, None, attribute, value)
        with writing(self._engine) as connection:
            entry = ExternalEvent(0, name, attribute, value, first_month, last_month, note, author, self._clock())
            return replace(entry, event_id=_append(connection, EXTERNAL_EVENT, entry))

    def expire_event(self, event_id: int, *, author: str, because: str) -> ExternalEvent:
        """Take an external event back, by an entry of its own.

        Raises:
            UnknownValueError: No event that was not taken back has that number.
        """
        with writing(self._engine) as connection:
            known = {each.event_id: each for each in events_of(connection.execute(EVENTS))}
            entry, expiry = _taken_back("event", event_id, known, Expiry(self._clock(), author, because))
            connection.execute(insert(EXTERNAL_EVENT_EXPIRY).values({"event_id": event_id} | row_of(expiry)))
        return replace(entry, expired_by=expiry)

    def events(self, *, known_at: datetime | None = None, with_expired: bool = False) -> list[ExternalEvent]:
        """Return the external events in force, now or as known at an instant, in order of recording."""
        found = events_of(self._rows(EVENTS), known_at)
        return found if with_expired else [each for each in found if each.expired_by is None]

    def add_reason(
        self,
        account_id: str,
        first_month: int,
        last_month: int,
        code: GrowthReason,
        *,
        evidence: str,
        author: str,
        series: str | None = None,
    ) -> Reason:
        """Record why an account's usage changed from a first to a last month, both included (FC-05).

        Raises:
            GrowthringError: The months run backwards, or no evidence is given.
        """
        require_months_in_order("change", first_month, last_month)
        require_reason(evidence, "--evidence")
        with writing(self._engine) as connection:
            entry = Reason(0, account_id, series, first_month, last_month, GrowthReason(code), evidence, author, self._clock())
            return replace(entry, reason_id=_append(connection, GROWTH_REASON, entry))

    def reasons(self, account_id: str | None = None, *, known_at: datetime | None = None) -> list[Reason]:
        """Return why usage changed, oldest entry first, of all accounts or one."""
        query = REASONS if account_id is None else REASONS.where(GROWTH_REASON.c.account_id == account_id)
        if known_at is not None:
            query = query.where(GROWTH_REASON.c.recorded_at <= known_at)
        return [reason_of(row) for row in self._rows(query)]

    def decide(self, kind: str, subject: str, choice: str, *, note: str, author: str, amount: Decimal | None = None) -> Decision:
        """Record what was decided where the product made a suggestion.

        Raises:
            GrowthringError: No note is given.
        """
        require_reason(note, "--note")
        with writing(self._engine) as connection:
            entry = Decision(0, kind, subject, choice, amount, note, author, self._clock())
            return replace(entry, decision_id=_append(connection, DECISION, entry))

    def decisions(self, kind: str | None = None, *, known_at: datetime | None = None) -> list[Decision]:
        """Return the decisions, oldest first, of all kinds or one."""
        query = DECISIONS if kind is None else DECISIONS.where(DECISION.c.kind == kind)
        if known_at is not None:
            query = query.where(DECISION.c.recorded_at <= known_at)
        return [decision_of(row) for row in self._rows(query)]


def _append(connection: Connection, table: Table, entry: Override | ExternalEvent | Reason | Decision) -> int:
    """Write an entry and return the number it got."""
    (number,) = table.primary_key.columns
    values = {name: value for name, value in row_of(entry).items() if name not in {number.name, "expired_by"}}
    return int(connection.execute(insert(table).values(values).returning(number)).scalar_one())


def _taken_back(what: str, number: int, known: dict[int, _Entry], expiry: Expiry) -> tuple[_Entry, Expiry]:
    """Return the entry to be taken back, if it is there and still stands."""
    require_reason(expiry.because)
    standing = {key: each for key, each in known.items() if each.expired_by is None}
    if number not in standing:
        raise UnknownValueError(what, number, sorted(standing))
    return standing[number], expiry


def _require_scope(account_id: str | None, series: str | None, attribute: str | None, value: str | None) -> None:
    is_half = (attribute is None) != (value is None)
    is_double = account_id is not None and attribute is not None
    if is_half or is_double or (series is not None and account_id is None):
        raise GrowthringError(
            "It is not clear what this is about.",
            valid="Valid: an account, an account and one of its series, an attribute and its value, or nothing for everything.",
        )


def _require_numbers(method: OverrideMethod, amount: Decimal, confidence: float) -> None:
    if not amount.is_finite() or (method is OverrideMethod.MULTIPLY and amount < 0):
        raise GrowthringError(
            f"Not an amount to {method} with: {amount}.", valid="Valid: a number; to multiply, one that is not negative."
        )
    if not 0 <= confidence <= 1:
        raise GrowthringError(f"Not a confidence: {confidence}.", valid="Valid: from 0 (a guess) to 1 (certain).")
