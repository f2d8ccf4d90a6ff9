"""Errors that say what happened, what is valid and what to do next."""

from collections.abc import Iterable


class GrowthringError(Exception):
    """Something the user can mend: what was received, what is valid, what to do.

    Args:
        happened: What was found, with the offending value.
        valid: What would have been accepted.
        remedy: The next thing to do, preferably a command or a setting.
    """

    def __init__(self, happened: str, *, valid: str = "", remedy: str = "") -> None:
        self.happened = happened
        self.valid = valid
        self.remedy = remedy
        super().__init__(" ".join(part for part in (happened, valid, remedy) if part))


class UnknownValueError(GrowthringError):
    """A name that is not among the known ones; the message lists those that are."""

    def __init__(self, what: str, received: object, known: Iterable[object], remedy: str = "") -> None:
        options = ", ".join(str(value) for value in known)
        super().__init__(f"Unknown {what}: {received!s}.", valid=f"Valid: {options or 'none yet'}.", remedy=remedy)


class ConfigurationError(GrowthringError):
    """The project's own settings cannot be used as written."""


class LedgerImbalanceError(GrowthringError):
    """Start + movements does not equal end: the run stops, nothing is published."""


class AssertionFailedError(GrowthringError):
    """A statement the user made about the data (in growthring.toml) does not hold."""


class ClosedPeriodError(GrowthringError):
    """A closed period would be overwritten without saying so."""


class EngineUnavailableError(GrowthringError):
    """An analytic engine is not installed or cannot be reached."""


class NotPortableError(GrowthringError):
    """A relation leaves the SQL subset that every engine reads the same way."""
