"""Adjustments: what changes an amount after it was priced, in an order that is data."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from growthring.pricing.meter import Model
from growthring.pricing.price import Money, Percent, UnitPrice


class AdjustmentKind(StrEnum):
    """The steps of the pipeline."""

    AMOUNT_DISCOUNT = "amount_discount"
    PERCENT_DISCOUNT = "percent_discount"
    OVERAGE = "overage"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"


class Adjustment(Model):
    """One step after pricing.

    A component's adjustments run in the order of the rating policy (or of the book's `order`), several of a kind as written.
    `first_period` and `last_period` make ramps and coupons of limited duration: period 1 is the subscription's first.
    """

    kind: AdjustmentKind = Field(
        description="amount_discount, percent_discount, overage (a commitment with a factor beyond it), minimum, or maximum."
    )
    amount: Annotated[Money, Field(ge=0)] | None = Field(
        None, description="Discount, commitment, minimum or maximum, in major units."
    )
    percent: Annotated[Percent, Field(le=100)] | None = Field(None, description="Discount in percent; below zero, a surcharge.")
    factor: Annotated[UnitPrice, Field(ge=0)] = Field(Decimal(1), description="overage: times what goes beyond the commitment.")
    true_up: bool = Field(False, description="overage: bill the commitment even if less was used.")
    prorate: bool = Field(True, description="minimum, maximum, overage: take the share of days the subscription was active.")
    scope: Literal["line", "bucket"] = Field("line", description="bucket: each bucket of the meter on its own.")
    first_period: Annotated[int, Field(ge=1)] = Field(1, description="First billing period it holds in.")
    last_period: Annotated[int, Field(ge=1)] | None = Field(None, description="Last billing period it holds in.")
    reason: str = Field("", description="Why, for the explained bill: the coupon's name, the term of the deal.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        is_percent = self.kind is AdjustmentKind.PERCENT_DISCOUNT
        if is_percent != (self.percent is not None) or is_percent == (self.amount is not None):
            raise ValueError(f"{self.kind} needs {'percent' if is_percent else 'amount'}, and only that")
        if self.last_period is not None and self.last_period < self.first_period:
            raise ValueError(f"{self.kind} ends in period {self.last_period}, before it begins in period {self.first_period}")
        return self
