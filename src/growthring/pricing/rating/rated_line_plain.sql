-- Rated lines in one step, where prices are plain tiers and nothing converts, adjusts or adds up: the amount is rounded once.
WITH charged AS (
  SELECT
    metered.subscription_id AS subscription_id,
    metered.account_id AS account_id,
    metered.period_start AS period_start,
    metered.period_end AS period_end,
    billed_stretch.book AS book,
    component.version AS version,
    component.component_id AS component_id,
    component.currency AS currency,
    component.rate_no AS rate_no,
    metered.dimensions AS dimensions,
    metered.quantity AS quantity
  FROM metered
  JOIN billed_stretch
    ON billed_stretch.subscription_id = metered.subscription_id
    AND GREATEST(metered.period_start, billed_stretch.first_on) >= billed_stretch.from_on
    AND GREATEST(metered.period_start, billed_stretch.first_on) < billed_stretch.to_on
  JOIN component
    ON component.version_no = billed_stretch.version_no
    AND component.meter = metered.meter
    AND component.currency = billed_stretch.currency
  WHERE component.kind = 'rate'
),
priced AS (
  SELECT
    charged.subscription_id AS subscription_id,
    charged.account_id AS account_id,
    charged.period_start AS period_start,
    charged.period_end AS period_end,
    charged.book AS book,
    charged.version AS version,
    charged.component_id AS component_id,
    charged.dimensions AS dimensions,
    charged.quantity AS quantity,
    rate_tier.tier AS tier,
    CAST(
      rate_tier.base_amount + rate_tier.flat_fee
      + CAST(CAST(charged.quantity - rate_tier.origin AS DECIMAL(38,6)) * rate_tier.unit_price AS DECIMAL(38,14))
      AS DECIMAL(38,14)
    ) AS raw_amount,
    charged.currency AS currency
  FROM charged
  JOIN rate_tier
    ON rate_tier.rate_no = charged.rate_no AND charged.quantity > rate_tier.over AND charged.quantity <= rate_tier.up_to
)
SELECT
  priced.subscription_id AS subscription_id,
  priced.account_id AS account_id,
  priced.period_start AS period_start,
  priced.period_end AS period_end,
  priced.book AS book,
  priced.version AS version,
  priced.component_id AS component_id,
  priced.dimensions AS dimensions,
  priced.quantity AS quantity,
  priced.quantity AS billable_quantity,
  priced.tier AS tier,
  priced.raw_amount AS raw_amount,
  priced.raw_amount AS adjusted_amount,
  CAST(ROUND(priced.raw_amount, $decimals) AS DECIMAL(18,4)) AS amount,
  priced.currency AS currency
FROM priced
WHERE priced.quantity <> 0 OR priced.raw_amount <> 0
