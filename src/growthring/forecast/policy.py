"""The forecast policy: every choice of the statistical layer, named and versioned."""

from pydantic import BaseModel, ConfigDict, Field


class ForecastPolicy(BaseModel):
    """How history becomes a forecast; the defaults are the preset ``standard``, and docs/explanation/forecast.md says why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("standard", description="Name of the policy.")
    version: str = Field("1", description="Its version.")
    origins: int = Field(24, ge=3, description="Past origins that growth curves and the calibration of sums are learned from.")
    memory: int = Field(60, ge=3, description="Past origins whose errors set the width of sums: shocks are remembered long.")
    pairs: int = Field(500, ge=0, description="Strength of pooling: a cohort with this many pairs counts as much as its segment.")
    clip: float = Field(1.5, gt=0, description="Largest log growth that an account contributes to a curve.")
    levels: tuple[float, ...] = Field(
        (1.0, 0.5, 0.25, 0.12), description="Candidate weights of the last month in the level; each segment takes the best."
    )
    sizes: tuple[float, ...] = Field((0.2, 0.4, 0.6, 0.8, 0.9, 0.96, 0.99), description="Quantiles that bound the size classes.")
    tenures: tuple[int, ...] = Field((6, 12, 24, 48), description="Months as a customer that bound the tenure classes.")
    own_drift: bool = Field(
        True, description="Whether an account's own deviation from its cohort is carried forward, as pooled data say."
    )
    one_offs: bool = Field(True, description="Whether one-off months, found or named by people, are taken out of levels (FC-06).")
    seasonality: bool = Field(True, description="Whether a calendar effect is applied, where two years of history show one.")
    calibrate: bool = Field(True, description="Whether sums are corrected by the middle past error of their own forecasts.")
    adaptation: float = Field(0.15, ge=0, le=1, description="Step by which interval levels follow the coverage they achieved.")
    recent: int = Field(12, ge=1, description="Past origins whose errors form an account's interval.")
    forgetting: float = Field(0.9, gt=0, le=1, description="Weight of an origin's errors relative to those of the next one.")
    degrees_of_freedom: float = Field(3.0, gt=2, description="Tails of the errors of sums: Student's t.")


STANDARD = ForecastPolicy.model_validate({})
