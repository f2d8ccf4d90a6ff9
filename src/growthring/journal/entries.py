"""The kinds of journal entries, as the rest of the product sees them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class TagKind(StrEnum):
    """What a person knows about a customer's revenue that the billing data do not say."""

    ONE_OFF = "one_off"
    """Revenue that will not repeat: kept out of recurring revenue (FC-06)."""
    ADVISED_SAVING = "advised_saving"
    """The customer spends less because the company advised it: shown apart in the NDR bridge (N-37)."""
    AT_RENEWAL = "at_renewal"
    """Expansion agreed at a renewal: still expansion, credited as renewal (N-16)."""


class Role(StrEnum):
    """Who has to agree on what revenue means (OR-17)."""

    BUSINESS = "business"
    SALES = "sales"
    OPS = "ops"
    FINANCE = "finance"


class RunStatus(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    KILLED = "killed"


@dataclass(frozen=True, slots=True)
class Close:
    """A month as it was reported under a policy.

    Attributes:
        month: The closed month, counted as year × 12 + month − 1.
        policy_name: The policy's name.
        policy_version: The policy's version.
        revision: 1 for the first close of the month under the policy, then 2, 3 … for each re-close.
        snapshot_id: The snapshot that was reported.
        artifact: Key of the store artifact that holds the figures as reported.
        metrics: The figures as reported, exact decimals written as text, by metric name.
        data_as_of: The last day the data spoke for.
        closed_at: When it was closed, UTC.
        author: Who closed it.
        because: Why; for a re-close, what made it necessary.
    """

    month: int
    policy_name: str
    policy_version: str
    revision: int
    snapshot_id: str
    artifact: str
    metrics: Mapping[str, str]
    data_as_of: date
    closed_at: datetime
    author: str
    because: str


@dataclass(frozen=True, slots=True)
class Revocation:
    """A tag taken back.

    Attributes:
        revoked_at: When, UTC.
        author: Who took it back.
        because: Why.
    """

    revoked_at: datetime
    author: str
    because: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A person's statement about an account's revenue over a stretch of months.

    Attributes:
        tag_id: The entry's number.
        account_id: The account.
        first_month: First month it holds for, counted as year × 12 + month − 1.
        last_month: Last month it holds for, included.
        product_id: The product; nothing means every product.
        tag: What is said.
        because: Why.
        author: Who says so.
        tagged_at: When it was said, UTC.
        revoked_by: The entry that took it back, if any.
    """

    tag_id: int
    account_id: str
    first_month: int
    last_month: int
    product_id: str | None
    tag: TagKind
    because: str
    author: str
    tagged_at: datetime
    revoked_by: Revocation | None = None


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """A version of a policy as it entered the definition registry (OR-17).

    Attributes:
        policy_name: The policy's name.
        version: Its version.
        digest: Digest of its content.
        text: The policy as TOML.
        changed_at: When it was recorded, UTC.
        author: Who changed it.
        because: Why.
    """

    policy_name: str
    version: str
    digest: str
    text: str
    changed_at: datetime
    author: str
    because: str


@dataclass(frozen=True, slots=True)
class SignOff:
    """Somebody's agreement, for their role, to a version of a policy (OR-17).

    Attributes:
        policy_name: The policy's name.
        version: The version agreed to.
        role: For whom they speak.
        author: Who agreed.
        signed_at: When, UTC.
    """

    policy_name: str
    version: str
    role: Role
    author: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run of the product over a project's data.

    Attributes:
        run_id: The run's identifier.
        started_at: When it started, UTC.
        finished_at: When it ended, UTC; nothing while it runs or when nobody recorded its end.
        status: How it stands.
        snapshot_id: The snapshot it published; empty text when none.
        seconds: How long it took; nothing while it runs.
        message: What there is to say, such as the error it stopped with.
    """

    run_id: str
    started_at: datetime
    finished_at: datetime | None = None
    status: RunStatus = RunStatus.RUNNING
    snapshot_id: str = ""
    seconds: float | None = None
    message: str = ""
