-- The amount of each quantity, from the one row of its rate that it lies in: tiers, blocks, caps, fees per event, carried prices.
WITH located AS (
  SELECT
    billable.subscription_id AS subscription_id,
    billable.period_start AS period_start,
    billable.component_no AS component_no,
    billable.dimensions AS dimensions,
    billable.bucket_at AS bucket_at,
    billable.quantity AS quantity,
    billable.billable_quantity AS billable_quantity,
    rate_tier.tier AS tier,
    rate_tier.base_amount AS base_amount,
    rate_tier.flat_fee AS flat_fee,
    rate_tier.cap AS cap,
    rate_tier.decimals AS decimals,
    CAST(
      CASE
        WHEN rate_tier.block = 0 THEN CAST(billable.billable_quantity - rate_tier.origin AS DECIMAL(38,6))
        ELSE CAST(
          (
            CAST(CAST(billable.billable_quantity - rate_tier.origin AS DECIMAL(38,6)) * 1000000 AS BIGINT)
            + rate_tier.block_up * (rate_tier.block - 1)
          ) // rate_tier.block AS DECIMAL(38,6)
        )
      END * rate_tier.unit_price AS DECIMAL(38,14)
    ) AS priced_amount,
    CAST(CAST(billable.events AS DECIMAL(38,0)) * component.fee_per_event AS DECIMAL(38,8)) AS event_fees,
    CAST(CAST(billable.event_amount AS DECIMAL(38,8)) * component.carried AS DECIMAL(38,16)) AS carried_amount
  FROM billable
  JOIN component ON component.component_no = billable.component_no
  JOIN rate_tier
    ON rate_tier.rate_no = billable.rate_no
    AND billable.billable_quantity > rate_tier.over
    AND billable.billable_quantity <= rate_tier.up_to
),
parts AS (
  SELECT
    located.subscription_id AS subscription_id,
    located.period_start AS period_start,
    located.component_no AS component_no,
    located.dimensions AS dimensions,
    located.bucket_at AS bucket_at,
    located.quantity AS quantity,
    located.billable_quantity AS billable_quantity,
    located.tier AS tier,
    located.base_amount AS base_amount,
    located.cap AS cap,
    located.event_fees AS event_fees,
    CAST(ROUND(located.carried_amount, 14) AS DECIMAL(38,14)) AS carried_amount,
    CASE located.decimals
      WHEN 14 THEN CAST(located.flat_fee AS DECIMAL(38,14))
      WHEN 0 THEN CAST(ROUND(located.flat_fee, 0) AS DECIMAL(38,14))
      WHEN 2 THEN CAST(ROUND(located.flat_fee, 2) AS DECIMAL(38,14))
      WHEN 3 THEN CAST(ROUND(located.flat_fee, 3) AS DECIMAL(38,14))
      ELSE CAST(ROUND(located.flat_fee, 4) AS DECIMAL(38,14))
    END AS flat_fee,
    CASE located.decimals
      WHEN 14 THEN located.priced_amount
      WHEN 0 THEN CAST(ROUND(located.priced_amount, 0) AS DECIMAL(38,14))
      WHEN 2 THEN CAST(ROUND(located.priced_amount, 2) AS DECIMAL(38,14))
      WHEN 3 THEN CAST(ROUND(located.priced_amount, 3) AS DECIMAL(38,14))
      ELSE CAST(ROUND(located.priced_amount, 4) AS DECIMAL(38,14))
    END AS priced_amount
  FROM located
)
SELECT
  parts.subscription_id AS subscription_id,
  parts.period_start AS period_start,
  parts.component_no AS component_no,
  parts.dimensions AS dimensions,
  parts.bucket_at AS bucket_at,
  parts.quantity AS quantity,
  parts.billable_quantity AS billable_quantity,
  parts.tier AS tier,
  CAST(
    parts.base_amount + LEAST(CAST(parts.cap AS DECIMAL(38,14)), CAST(parts.flat_fee + parts.priced_amount AS DECIMAL(38,14)))
    + parts.event_fees + parts.carried_amount
    AS DECIMAL(38,14)
  ) AS raw_amount
FROM parts
