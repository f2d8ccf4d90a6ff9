"""The journal: what people decided, when and why. Entries are added, never changed and never removed."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Connection, func, insert, select

from growthring.journal.audit_trail import AuditTrail
from growthring.journal.database import writing
from growthring.journal.entries import (
    Close,
    PolicyChange,
    Revocation,
    Role,
    RunRecord,
    RunStatus,
    SignOff,
    Tag,
    TagKind,
)
from growthring.journal.forecast_log import ForecastLog
from growthring.journal.forecasting import ForecastEntries
from growthring.journal.opened import require_months_in_order, require_reason
from growthring.journal.rows import (
    CLOSES,
    POLICIES,
    RUNS,
    SIGN_OFFS,
    TAGS,
    close_of,
    find_policy,
    policy_of,
    revoked,
    row_of,
    run_of,
    sign_off_of,
    tags_of,
)
from growthring.journal.schema import (
    AUDIT,
    METADATA,
    PERIOD_CLOSE,
    POLICY_CHANGE,
    RUN_END,
    RUN_START,
    SIGN_OFF,
    TAG,
    TAG_REVOCATION,
)
from growthring.kernel.errors import ClosedPeriodError, GrowthringError, UnknownValueError
from growthring.kernel.period import Month


class Journal(ForecastEntries, ForecastLog, AuditTrail):
    """A project's human state: closes, tags, policies, sign-offs, runs, what people say about forecasts, and the audit trail.

    Every reading method takes ``known_at``: with it, the answer is what the journal said at that instant.

    Args:
        place: A file path, or a ``postgresql://`` URL.
        clock: Tells the time; tests pass their own.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import mkdtemp
        >>> with Journal.open(Path(mkdtemp()) / "journal.db") as journal:
        ...     tag = journal.tag("acme", 24142, 24142, TagKind.ONE_OFF, author="Kim", because="migration project")
        ...     [(found.account_id, found.tag.value) for found in journal.tags()]
        [('acme', 'one_off')]
    """

    def stamp(self) -> tuple[int, ...]:
        """Return how many entries each kind has, but for the log of runs and the audit trail, which no figure depends on."""
        with self._engine.connect() as connection:
            return tuple(
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in METADATA.sorted_tables
                if table not in (RUN_START, RUN_END, AUDIT)
            )

    def record_close(
        self,
        month: int,
        *,
        policy_name: str,
        policy_version: str,
        snapshot_id: str,
        artifact: str,
        metrics: Mapping[str, str],
        data_as_of: date,
        author: str,
        because: str = "",
        again: bool = False,
    ) -> Close:
        """Keep a month as reported; a re-close is a further revision beside the earlier ones.

        Args:
            month: The month, counted as year × 12 + month − 1.
            policy_name: The policy it is reported under.
            policy_version: That policy's version.
            snapshot_id: The snapshot reported.
            artifact: Key of the artifact that holds the figures.
            metrics: Exact decimals as text, by metric name.
            data_as_of: Last day the data spoke for.
            author: Who closes.
            because: Why; required for a re-close.
            again: Say that a re-close is meant.

        Raises:
            ClosedPeriodError: The month is closed under the policy and ``again`` or ``because`` was not given.
        """
        with writing(self._engine) as connection:
            revision = self._next_revision(connection, month, policy_name)
            if revision > 1 and not (again and because.strip()):
                raise ClosedPeriodError(
                    f"{Month(month)} is already closed under {policy_name} (revision {revision - 1}).",
                    valid="A re-close is kept beside the earlier ones and needs a reason.",
                    remedy=f"Run `growthring close {Month(month)} --again --because TEXT`.",
                )
            entry = Close(
                month=month,
                policy_name=policy_name,
                policy_version=policy_version,
                revision=revision,
                snapshot_id=snapshot_id,
                artifact=artifact,
                metrics=dict(metrics),
                data_as_of=data_as_of,
                closed_at=self._clock(),
                author=author,
                because=because,
            )
            connection.execute(insert(PERIOD_CLOSE).values(row_of(entry)))
        return entry

    def closes(self, month: int | None = None, policy: str | None = None, *, known_at: datetime | None = None) -> list[Close]:
        """Return the closes in order of recording, all or of a month, a policy, or both."""
        query = CLOSES
        if month is not None:
            query = query.where(PERIOD_CLOSE.c.month == month)
        if policy is not None:
            query = query.where(PERIOD_CLOSE.c.policy_name == policy)
        if known_at is not None:
            query = query.where(PERIOD_CLOSE.c.closed_at <= known_at)
        return [close_of(row) for row in self._rows(query)]

    def latest_close(self, month: int, policy: str, *, known_at: datetime | None = None) -> Close | None:
        """Return the newest revision of a month's close under a policy, or nothing when the month is open."""
        found = self.closes(month, policy, known_at=known_at)
        return found[-1] if found else None

    def tag(
        self,
        account_id: str,
        first_month: int,
        last_month: int,
        tag: TagKind,
        *,
        author: str,
        because: str,
        product_id: str | None = None,
    ) -> Tag:
        """State something about an account's revenue from a first to a last month, both included.

        Raises:
            GrowthringError: The months run backwards, or no reason is given.
        """
        require_months_in_order("tag", first_month, last_month)
        require_reason(because)
        with writing(self._engine) as connection:
            values = {
                "account_id": account_id,
                "first_month": first_month,
                "last_month": last_month,
                "product_id": product_id,
                "tag": TagKind(tag).value,
                "because": because,
                "author": author,
                "tagged_at": self._clock(),
            }
            tag_id = connection.scalar(insert(TAG).values(values).returning(TAG.c.tag_id))
            return tags_of(connection.execute(TAGS.where(TAG.c.tag_id == tag_id)))[0]

    def revoke_tag(self, tag_id: int, *, author: str, because: str) -> Tag:
        """Take a tag back, by an entry of its own; reads as of an earlier time still see the tag.

        Raises:
            UnknownValueError: No tag in force has that number.
        """
        require_reason(because)
        with writing(self._engine) as connection:
            in_force = {tag.tag_id: tag for tag in tags_of(connection.execute(TAGS)) if tag.revoked_by is None}
            if tag_id not in in_force:
                raise UnknownValueError("tag", tag_id, sorted(in_force))
            revocation = Revocation(self._clock(), author, because)
            connection.execute(
                insert(TAG_REVOCATION).values(tag_id=tag_id, author=author, because=because, revoked_at=revocation.revoked_at)
            )
        return revoked(in_force[tag_id], revocation)

    def tags(self, *, known_at: datetime | None = None, with_revoked: bool = False) -> list[Tag]:
        """Return the tags in force, now or as known at an instant, in order of recording.

        Args:
            known_at: Leave out every tag and every revocation recorded later.
            with_revoked: Return revoked tags too, with the entry that revoked them.
        """
        tags = tags_of(self._rows(TAGS), known_at)
        return tags if with_revoked else [tag for tag in tags if tag.revoked_by is None]

    def record_policy(
        self, policy_name: str, version: str, *, digest: str, text: str, author: str, because: str = ""
    ) -> PolicyChange:
        """Enter a version of a policy into the registry; entering the same content twice changes nothing.

        Raises:
            GrowthringError: The version is known with other content.
        """
        with writing(self._engine) as connection:
            known = find_policy(connection, policy_name, version)
            if known is None:
                change = PolicyChange(policy_name, version, digest, text, self._clock(), author, because)
                connection.execute(insert(POLICY_CHANGE).values(row_of(change)))
                return change
        if known.digest != digest:
            raise GrowthringError(
                f"Version {version} of policy {policy_name} was recorded with other content on {known.changed_at:%Y-%m-%d}.",
                valid="A version's content never changes.",
                remedy="Give the changed policy a new version.",
            )
        return known

    def policies(self, *, known_at: datetime | None = None) -> list[PolicyChange]:
        """Return the change log of definitions, oldest first."""
        query = POLICIES if known_at is None else POLICIES.where(POLICY_CHANGE.c.changed_at <= known_at)
        return [policy_of(row) for row in self._rows(query)]

    def sign_off(self, policy_name: str, version: str, role: Role, *, author: str) -> SignOff:
        """Record that somebody agrees, for their role, to a version of a policy; signing twice changes nothing.

        Raises:
            UnknownValueError: That version of the policy was never recorded.
        """
        with writing(self._engine) as connection:
            if find_policy(connection, policy_name, version) is None:
                rows = connection.execute(select(POLICY_CHANGE.c.policy_name, POLICY_CHANGE.c.version))
                raise UnknownValueError("policy version", f"{policy_name} {version}", [" ".join(row) for row in rows])
            query = SIGN_OFFS.where(
                SIGN_OFF.c.policy_name == policy_name,
                SIGN_OFF.c.version == version,
                SIGN_OFF.c.role == Role(role).value,
                SIGN_OFF.c.author == author,
            )
            if row := connection.execute(query).first():
                return sign_off_of(row)
            entry = SignOff(policy_name, version, Role(role), author, self._clock())
            connection.execute(insert(SIGN_OFF).values(row_of(entry)))
        return entry

    def sign_offs(self, *, known_at: datetime | None = None) -> list[SignOff]:
        """Return every sign-off, oldest first."""
        query = SIGN_OFFS if known_at is None else SIGN_OFFS.where(SIGN_OFF.c.signed_at <= known_at)
        return [sign_off_of(row) for row in self._rows(query)]

    def start_run(self, run_id: str) -> RunRecord:
        """Record that a run begins."""
        with writing(self._engine) as connection:
            record = RunRecord(run_id, self._clock())
            connection.execute(insert(RUN_START).values(run_id=run_id, started_at=record.started_at))
        return record

    def finish_run(
        self,
        run_id: str,
        status: RunStatus = RunStatus.DONE,
        *,
        snapshot_id: str = "",
        seconds: float | None = None,
        message: str = "",
    ) -> RunRecord:
        """Record how a run ended, as an entry of its own.

        A run that was killed cannot say so: the next one finds it still ``running`` and records its end as ``killed``.

        Raises:
            UnknownValueError: No run of that name is running.
        """
        if status is RunStatus.RUNNING:
            raise UnknownValueError("end of a run", status, [RunStatus.DONE, RunStatus.FAILED, RunStatus.KILLED])
        with writing(self._engine) as connection:
            running = {row.run_id: row.started_at for row in connection.execute(RUNS) if row.status is None}
            if run_id not in running:
                raise UnknownValueError("running run", run_id, sorted(running))
            ended = self._clock()
            took = (ended - running[run_id]).total_seconds() if seconds is None else seconds
            record = RunRecord(run_id, running[run_id], ended, RunStatus(status), snapshot_id, took, message)
            values = row_of(record)
            del values["started_at"]
            connection.execute(insert(RUN_END).values(values))
        return record

    def runs(self, *, known_at: datetime | None = None) -> list[RunRecord]:
        """Return every run, oldest first; one without a recorded end is ``running``."""
        rows = self._rows(RUNS)
        return [run_of(row, known_at) for row in rows if known_at is None or row.started_at <= known_at]

    @staticmethod
    def _next_revision(connection: Connection, month: int, policy_name: str) -> int:
        query = select(func.max(PERIOD_CLOSE.c.revision)).where(
            PERIOD_CLOSE.c.month == month, PERIOD_CLOSE.c.policy_name == policy_name
        )
        return (connection.scalar(query) or 0) + 1
