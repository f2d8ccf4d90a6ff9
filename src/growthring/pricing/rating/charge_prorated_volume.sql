-- Volume amounts by full units: the tier of the full units at the end of the period, its price on the prorated units.
WITH counted AS (
  SELECT
    metered_change.subscription_id AS subscription_id,
    metered_change.period_start AS period_start,
    component.component_no AS component_no,
    metered_change.dimensions AS dimensions,
    metered_change.bucket_at AS bucket_at,
    component.rate_no AS rate_no,
    CAST(metered_change.change AS DECIMAL(38,6)) AS change,
    metered_change.time_left AS time_left,
    metered_change.time_whole AS time_whole,
    CASE WHEN metered_change.change < 0 THEN -1 ELSE 1 END AS sign,
    CAST(ABS(CAST(metered_change.change AS DECIMAL(38,6))) * 1000000 AS BIGINT) AS millionths
  FROM metered_change
  JOIN billed_period
    ON billed_period.subscription_id = metered_change.subscription_id
    AND billed_period.period_start = metered_change.period_start
  JOIN component
    ON component.version_no = billed_period.version_no
    AND component.meter = metered_change.meter
    AND component.currency = billed_period.currency
    AND component.kind = 'prorated_volume'
),
shared AS (
  SELECT
    counted.subscription_id AS subscription_id,
    counted.period_start AS period_start,
    counted.component_no AS component_no,
    counted.dimensions AS dimensions,
    counted.bucket_at AS bucket_at,
    counted.rate_no AS rate_no,
    counted.change AS change,
    CAST(
      CAST(counted.sign * ((counted.millionths * counted.time_left) // counted.time_whole) AS DECIMAL(38,0))
      * CAST(0.000001 AS DECIMAL(7,6)) AS DECIMAL(38,10)
    )
    + CAST(
      CAST(
        counted.sign * (
          (2 * ((counted.millionths * counted.time_left) % counted.time_whole) * 10000 + counted.time_whole)
          // (2 * counted.time_whole)
        ) AS DECIMAL(27,0)
      ) * CAST(0.0000000001 AS DECIMAL(11,10)) AS DECIMAL(38,10)
    ) AS units
  FROM counted
),
totals AS (
  SELECT
    shared.subscription_id AS subscription_id,
    shared.period_start AS period_start,
    shared.component_no AS component_no,
    shared.dimensions AS dimensions,
    shared.rate_no AS rate_no,
    MIN(shared.bucket_at) AS bucket_at,
    CAST(SUM(shared.change) AS DECIMAL(38,6)) AS quantity,
    CAST(SUM(shared.units) AS DECIMAL(19,10)) AS units
  FROM shared
  GROUP BY shared.subscription_id, shared.period_start, shared.component_no, shared.dimensions, shared.rate_no
)
SELECT
  totals.subscription_id AS subscription_id,
  totals.period_start AS period_start,
  totals.component_no AS component_no,
  totals.dimensions AS dimensions,
  totals.bucket_at AS bucket_at,
  CAST(totals.quantity AS DECIMAL(18,6)) AS quantity,
  CAST(ROUND(CAST(totals.units AS DECIMAL(38,10)), 6) AS DECIMAL(18,6)) AS billable_quantity,
  rate_tier.tier AS tier,
  GREATEST(
    CAST(
      CAST(rate_tier.flat_fee AS DECIMAL(38,14))
      + CAST(ROUND(CAST(totals.units * CAST(rate_tier.unit_price AS DECIMAL(18,8)) AS DECIMAL(38,18)), 14) AS DECIMAL(38,14))
      AS DECIMAL(38,14)
    ),
    CAST(0 AS DECIMAL(38,14))
  ) AS raw_amount
FROM totals
JOIN rate_tier
  ON rate_tier.rate_no = totals.rate_no AND totals.quantity > rate_tier.over AND totals.quantity <= rate_tier.up_to
UNION ALL
SELECT
  billed_period.subscription_id AS subscription_id,
  billed_period.period_start AS period_start,
  component.component_no AS component_no,
  '' AS dimensions,
  CAST(billed_period.period_start AS TIMESTAMP) AS bucket_at,
  CAST(0 AS DECIMAL(18,6)) AS quantity,
  CAST(0 AS DECIMAL(18,6)) AS billable_quantity,
  0 AS tier,
  CAST(rate_tier.flat_fee AS DECIMAL(38,14)) AS raw_amount
FROM billed_period
JOIN component
  ON component.version_no = billed_period.version_no
  AND component.currency = billed_period.currency
  AND component.kind = 'prorated_volume'
  AND component.is_due_without_use = 1
JOIN rate_tier ON rate_tier.rate_no = component.rate_no AND rate_tier.tier = 0
WHERE NOT EXISTS (
  SELECT 1 AS hit
  FROM metered_change
  WHERE metered_change.subscription_id = billed_period.subscription_id
    AND metered_change.period_start = billed_period.period_start
    AND metered_change.meter = component.meter
)
