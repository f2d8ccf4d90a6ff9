"""A project: a folder with growthring.toml, policies beside it, and everything computed under .growthring/."""

import re
import tomllib
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from growthring.engine.snapshot import Snapshot, SnapshotShelf
from growthring.engine.store import Store
from growthring.kernel.currency import exponent
from growthring.kernel.errors import ConfigurationError, GrowthringError, UnknownValueError
from growthring.kernel.ids import digest
from growthring.kernel.period import FiscalCalendar, Month
from growthring.revenue.policy import Policy, parse_policy, preset, preset_names
from growthring.revenue.setting import END_OF_TIME, Setting, TagSpan
from growthring.sources.config import SourceConfig

if TYPE_CHECKING:
    from growthring.journal.journal import Journal
    from growthring.operations.opened_books import OpenedBooks
    from growthring.pricing.book import PriceBook
    from growthring.pricing.meter import Meter
    from growthring.pricing.stored_rating import PricingTerms

SETTINGS_FILE = "growthring.toml"
Kept = TypeVar("Kept")
"""Anything that may stay open between questions."""
_LAST_DAY = date(2100, 6, 30)
_STATEMENT = re.compile(
    r"^\s*(?P<metric>[A-Za-z0-9_]+)\s+at\s+(?P<at>\d{4}-\d{2})\s+is\s+(?P<value>-?[\d,_.]+)(?:\s*(?:±|\+/-|\+-)\s*(?P<tolerance>[\d,_.]+))?\s*$"
)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ProjectSettings(_Model):
    """The `[project]` part of growthring.toml."""

    name: str = Field(description="The company's name, for headings.")
    currency: str = Field("USD", description="Reporting currency, ISO 4217.")
    fiscal_year_starts: int = Field(1, ge=1, le=12, description="Month in which the fiscal year starts, 1 to 12.")
    data_through: date | None = Field(
        None,
        description="Last day the data speak for; a month it cuts is partial. Empty: the last day of an invoice or of usage.",
    )
    time_zone: str = Field("UTC", description="IANA time zone of billing days, where a contract or price book names none.")
    policy: str = Field("standard", description="Policy used when none is named: a preset or a file in policies/.")
    journal: str = Field(
        "", description="URL of the database of people's decisions; empty keeps it in .growthring/journal.sqlite."
    )

    @field_validator("currency")
    @classmethod
    def _known(cls, code: str) -> str:
        exponent(code)
        return code


class Assertion(_Model):
    """One `[[assertions]]` entry: a figure the user knows, checked on every run and before every close."""

    that: str = Field("", description='The statement in words: "MRR at 2011-11 is 412,345.67 ± 0".')
    metric: str = Field("", description="The metric, when not given in words.")
    at: str = Field("", description="The month, when not given in words.")
    value: Decimal | None = Field(None, description="The value, when not given in words; money to the cent, ratios as fractions.")
    tolerance: Decimal = Field(Decimal(0), ge=0, description="Largest difference that is accepted.")
    policy: str = Field("", description="The policy; empty means the project's.")

    @model_validator(mode="before")
    @classmethod
    def _in_words(cls, raw: Any) -> Any:  # noqa: ANN401 - pydantic hands over whatever the user wrote
        if not isinstance(raw, dict) or not raw.get("that"):
            return raw
        match = _STATEMENT.match(str(raw["that"]))
        if not match:
            raise ValueError(f'"{raw["that"]}" cannot be read; write "MRR at 2011-11 is 412,345.67 ± 0"')
        try:
            value = Decimal(match["value"].replace(",", "").replace("_", ""))
            tolerance = Decimal((match["tolerance"] or "0").replace(",", "").replace("_", ""))
        except InvalidOperation as error:
            raise ValueError(f'"{raw["that"]}" has no readable number') from error
        return {**raw, "metric": match["metric"].lower(), "at": match["at"], "value": value, "tolerance": tolerance}

    @model_validator(mode="after")
    def _complete(self) -> "Assertion":
        if not (self.metric and self.at) or self.value is None:
            raise ValueError("an assertion needs `that`, or `metric`, `at` and `value`")
        return self


Role = Literal["viewer", "contributor", "approver", "admin"]
_ALONE = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/.*)?")


class ConsoleSettings(_Model):
    """The `[console]` part of growthring.toml: who may open the pages of `growthring serve`, and from where."""

    host: str = Field("127.0.0.1", description="Address to listen at. Any but this machine's own needs `oidc_issuer`.")
    public_url: str = Field(
        "", description="Where people find the console, such as `https://revenue.example.com`; needed with `oidc_issuer`."
    )
    hosts: tuple[str, ...] = Field((), description="Further host names to answer to, beside that of `public_url`.")
    oidc_issuer: str = Field("", description="Issuer of the OpenID Connect provider. Empty: one person, on this machine alone.")
    oidc_client_id: str = Field("", description="The client's id at the provider.")
    oidc_client_secret_env: str = Field(
        "GROWTHRING_OIDC_CLIENT_SECRET",
        description="Name of the environment variable that holds the client's secret; not set for a client without one.",
    )
    oidc_scopes: str = Field("openid email profile", description="Scopes to ask the provider for.")
    role_claim: str = Field("groups", description="Claim that names a person's groups, such as `groups` or `roles`.")
    roles: dict[str, Role] = Field(
        default_factory=dict,
        description="Role by group, or by e-mail address that the provider has verified; the highest counts.",
    )
    default_role: Literal["none", "viewer", "contributor", "approver", "admin"] = Field(
        "none", description="Role of those whom `roles` does not name; with `none` they cannot sign in."
    )
    session_hours: float = Field(12, gt=0, le=720, description="Hours after which one signs in again.")

    @model_validator(mode="after")
    def _safe(self) -> "ConsoleSettings":
        if self.oidc_issuer and not (self.oidc_client_id and self.public_url):
            raise ValueError("`oidc_issuer` needs `oidc_client_id` and `public_url`")
        for name, url in (("oidc_issuer", self.oidc_issuer), ("public_url", self.public_url)):
            if url and not (re.fullmatch(r"https://[^/\s?#]+(/[^\s?#]*)?", url) or _ALONE.fullmatch(url)):
                raise ValueError(f"`{name}` must begin with https://, except on this machine")
        return self

    @property
    def is_shared(self) -> bool:
        """Whether several people use it, each signing in."""
        return bool(self.oidc_issuer)


class Settings(_Model):
    """Everything growthring.toml may say."""

    project: ProjectSettings = Field(description="The company.")
    sources: tuple[SourceConfig, ...] = Field((), description="Where the data come from.")
    assertions: tuple[Assertion, ...] = Field((), description="What the user knows to be true.")
    console: ConsoleSettings = Field(default_factory=ConsoleSettings, description="Who may open the pages, and from where.")


@dataclass(frozen=True)
class Project:
    """An opened project.

    Attributes:
        root: The project's folder.
        settings: What growthring.toml says.
        books: What a server keeps open between questions; nothing on the command line.
    """

    root: Path
    settings: Settings
    books: "OpenedBooks | None" = field(default=None, compare=False, repr=False)

    @classmethod
    def open(cls, root: Path) -> "Project":
        """Open the project in a folder or in one of the folders above it.

        Raises:
            ConfigurationError: There is no growthring.toml, or it cannot be used as written.
        """
        start = root.resolve()
        for folder in (start, *start.parents):
            if (folder / SETTINGS_FILE).exists():
                return cls(folder, read_settings(folder / SETTINGS_FILE))
        raise ConfigurationError(
            f"No {SETTINGS_FILE} in {start} or above it.",
            remedy="`growthring init DIR --from FILE...` makes one from your files.",
        )

    def with_books(self, books: "OpenedBooks") -> "Project":
        """Return the project with books that stay open; to be used by one thread alone."""
        return replace(self, books=books)

    def kept(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """Return what a server keeps open under a key, making it first; made anew each time where nothing is kept."""
        if self.books is None:
            return make()
        found: Kept = self.books.get(key, make)
        return found

    def state_token(self) -> str:
        """Return a text that changes with anything an Answer depends on: snapshot, journal, settings, policies, price books."""
        decided: tuple[int, ...] = ()
        if self.settings.project.journal:
            decided = _decided(self, ())
        elif self.has_journal():
            decided = _decided(self, _stamps([self.state / "journal.sqlite", self.state / "journal.sqlite-wal"]))
        return digest([self.data_token(), repr(decided)])

    def data_token(self) -> str:
        """Return a text that changes with all of that but what people decide in the journal."""
        files = [self.root / SETTINGS_FILE, *(self.root / "policies").glob("*"), *(self.root / "price_books").glob("*")]
        return digest([repr(_stamps([*files, *self.shelf.heads]))])

    @property
    def state(self) -> Path:
        """Folder of everything computed and decided."""
        return self.root / ".growthring"

    @cached_property
    def store(self) -> Store:
        """The store of artifacts."""
        return Store(self.state / "store")

    @cached_property
    def shelf(self) -> SnapshotShelf:
        """The snapshots."""
        return SnapshotShelf(self.store)

    @property
    def calendar(self) -> FiscalCalendar:
        """The fiscal calendar."""
        return FiscalCalendar(self.settings.project.fiscal_year_starts)

    def snapshot(self) -> Snapshot:
        """Return the current snapshot.

        Raises:
            GrowthringError: Nothing has been run yet.
        """
        current = self.shelf.current()
        if current is None:
            raise GrowthringError("Nothing has been read yet.", remedy="`growthring run` reads the sources.")
        return current

    def journal(self) -> "Journal":
        """Open the journal of people's decisions.

        Raises:
            GrowthringError: Its database cannot be reached.
        """
        from sqlalchemy.exc import OperationalError

        from growthring.journal.journal import Journal

        try:
            return Journal.open(self.settings.project.journal or self.state / "journal.sqlite")
        except OperationalError as error:
            told = str(error.orig).strip().splitlines()[0]
            raise GrowthringError(
                f"The journal cannot be opened: {told}.", remedy="Start its database, or correct `journal` in growthring.toml."
            ) from error

    def has_journal(self) -> bool:
        """Whether anybody has decided anything yet; spares the database's start-up where nobody has."""
        return bool(self.settings.project.journal) or (self.state / "journal.sqlite").exists()

    def policy(self, name: str | None = None) -> Policy:
        """Return a policy by name: a file in policies/ goes before a preset.

        Raises:
            UnknownValueError: Neither has the name.
        """
        wanted = name or self.settings.project.policy
        path = self.root / "policies" / f"{wanted}.toml"
        if re.fullmatch(r"[A-Za-z0-9_.-]+", wanted) and path.exists():
            policy = parse_policy(_text_of(path), str(path.relative_to(self.root)))
            if policy.name != wanted:
                raise ConfigurationError(f"{path.name} holds a policy named {policy.name}.", valid=f'It needs name = "{wanted}".')
            return policy
        if wanted not in preset_names():
            raise UnknownValueError(
                "policy", wanted, self.policy_names(), remedy=f"Add policies/{wanted}.toml or name one of these."
            )
        return preset(wanted)

    def policy_names(self) -> tuple[str, ...]:
        """Names of the project's own policies and of the presets."""
        own = sorted(path.stem for path in (self.root / "policies").glob("*.toml"))
        return tuple(dict.fromkeys([*own, *preset_names()]))

    @cached_property
    def price_books(self) -> "tuple[tuple[PriceBook, ...], tuple[Meter, ...]]":
        """The books of price_books/*.yaml, and the meters of its meters.yaml.

        Raises:
            ConfigurationError: A file cannot be used as written.
        """
        folder = self.root / "price_books"
        if not folder.is_dir():
            return (), ()
        from growthring.pricing.book import read_books

        return read_books(folder)

    def price_terms(self, snapshot: Snapshot, as_of: datetime | None = None) -> "PricingTerms | None":
        """Return what usage is rated under, or nothing when the project has no price books or no data."""
        books, meters = self.price_books
        if not books or not snapshot.data_through:
            return None
        from growthring.pricing.stored_rating import PricingTerms

        through = self.setting(snapshot, as_of=as_of).data_through
        return PricingTerms(books, meters, self.settings.project.time_zone, as_of or END_OF_TIME, through)

    def setting(self, snapshot: Snapshot, *, currency: str | None = None, as_of: datetime | None = None) -> Setting:
        """Return what revenue is looked at under: currency, calendar, last day, tags and what was known.

        Raises:
            GrowthringError: The snapshot has no data.
        """
        if not snapshot.data_through:
            raise GrowthringError(
                "No data were accepted, so there is nothing to measure.",
                remedy="`growthring problems` says what is wrong with the rows.",
            )
        if date.fromisoformat(snapshot.data_through) > _LAST_DAY:
            raise GrowthringError(
                f"The data go on to {snapshot.data_through}, which is no day of business.",
                valid=f"Days up to {_LAST_DAY} can be looked at.",
                remedy="Correct the date in the file, or set data_through in growthring.toml.",
            )
        if currency:
            exponent(currency)
        through = date.fromisoformat(snapshot.data_through)
        if as_of and as_of.date() < through:
            through = as_of.date()
        return Setting(
            currency=currency or self.settings.project.currency,
            data_through=through,
            calendar=self.calendar,
            as_of=as_of or END_OF_TIME,
            tags=self.tags(as_of),
        )

    def tags(self, as_of: datetime | None = None) -> tuple[TagSpan, ...]:
        """Return what people noted about months of accounts, as known at a time."""
        if not self.has_journal():
            return ()
        known_at = as_of.replace(tzinfo=UTC) if as_of else None
        with self.journal() as journal:
            tags = journal.tags(known_at=known_at)
        return tuple(
            TagSpan(tag.tag.value, tag.account_id, tag.product_id or "", Month(tag.first_month), Month(tag.last_month))
            for tag in tags
        )


def _stamps(files: Iterable[Path]) -> tuple[tuple[str, int, int], ...]:
    found = []
    for file in sorted(files):
        try:
            stat = file.stat()
        except FileNotFoundError:
            continue
        found.append((str(file), stat.st_mtime_ns, stat.st_size))
    return tuple(found)


_DECIDED: dict[Path, tuple[tuple[tuple[str, int, int], ...], tuple[int, ...]]] = {}
"""By project the stamps of its journal's files and what they meant: a journal that did not change is not opened again."""


def _decided(project: Project, stamps: tuple[tuple[str, int, int], ...]) -> tuple[int, ...]:
    if stamps and (kept := _DECIDED.get(project.root)) and kept[0] == stamps:
        return kept[1]
    with project.journal() as journal:
        found = journal.stamp()
    _DECIDED[project.root] = (stamps, found)
    return found


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 text: {error}.", remedy="Save the file as UTF-8.") from error


def read_settings(path: Path) -> Settings:
    """Read growthring.toml.

    Raises:
        ConfigurationError: Names each place that cannot be used, and what it may be.
    """
    try:
        return Settings.model_validate(tomllib.loads(_text_of(path)))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}.", remedy="Correct the file at that place.") from error
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ConfigurationError(
            f"{path} cannot be used: {places}.", remedy="docs/reference/settings.md lists every setting."
        ) from error
