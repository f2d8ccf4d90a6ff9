-- Graduated amounts by full units: units fall into tiers in the order in which they came, each priced for its share of the period.
WITH followed AS (
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
    CAST(
      SUM(metered_change.change) OVER (
        PARTITION BY
          metered_change.subscription_id, metered_change.period_start, component.component_no, metered_change.dimensions
        ORDER BY metered_change.change_no
      ) AS DECIMAL(38,6)
    ) AS level_after
  FROM metered_change
  JOIN billed_period
    ON billed_period.subscription_id = metered_change.subscription_id
    AND billed_period.period_start = metered_change.period_start
  JOIN component
    ON component.version_no = billed_period.version_no
    AND component.meter = metered_change.meter
    AND component.currency = billed_period.currency
    AND component.kind = 'prorated'
),
spanned AS (
  SELECT
    followed.subscription_id AS subscription_id,
    followed.period_start AS period_start,
    followed.component_no AS component_no,
    followed.dimensions AS dimensions,
    followed.bucket_at AS bucket_at,
    followed.rate_no AS rate_no,
    followed.time_left AS time_left,
    followed.time_whole AS time_whole,
    CASE WHEN followed.change < 0 THEN -1 ELSE 1 END AS sign,
    LEAST(followed.level_after, CAST(followed.level_after - followed.change AS DECIMAL(38,6))) AS low,
    GREATEST(followed.level_after, CAST(followed.level_after - followed.change AS DECIMAL(38,6))) AS high
  FROM followed
),
counted AS (
  SELECT
    spanned.subscription_id AS subscription_id,
    spanned.period_start AS period_start,
    spanned.component_no AS component_no,
    spanned.dimensions AS dimensions,
    spanned.bucket_at AS bucket_at,
    spanned.rate_no AS rate_no,
    spanned.sign AS sign,
    spanned.time_left AS time_left,
    spanned.time_whole AS time_whole,
    rate_tier.tier AS tier,
    CAST(
      CAST(
        LEAST(spanned.high, CAST(rate_tier.up_to AS DECIMAL(38,6))) - GREATEST(spanned.low, CAST(rate_tier.over AS DECIMAL(38,6)))
        AS DECIMAL(38,6)
      ) * 1000000 AS BIGINT
    ) AS millionths
  FROM spanned
  JOIN rate_tier
    ON rate_tier.rate_no = spanned.rate_no AND spanned.low < rate_tier.up_to AND spanned.high > rate_tier.over
),
shared AS (
  SELECT
    counted.subscription_id AS subscription_id,
    counted.period_start AS period_start,
    counted.component_no AS component_no,
    counted.dimensions AS dimensions,
    counted.bucket_at AS bucket_at,
    counted.rate_no AS rate_no,
    counted.tier AS tier,
    counted.sign * counted.millionths AS change,
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
reached AS (
  SELECT
    shared.subscription_id AS subscription_id,
    shared.period_start AS period_start,
    shared.component_no AS component_no,
    shared.dimensions AS dimensions,
    shared.rate_no AS rate_no,
    shared.tier AS tier,
    MIN(shared.bucket_at) AS bucket_at,
    CAST(CAST(SUM(shared.change) AS DECIMAL(38,0)) * CAST(0.000001 AS DECIMAL(7,6)) AS DECIMAL(38,6)) AS quantity,
    CAST(SUM(shared.units) AS DECIMAL(19,10)) AS units
  FROM shared
  GROUP BY
    shared.subscription_id, shared.period_start, shared.component_no, shared.dimensions, shared.rate_no, shared.tier
),
priced AS (
  SELECT
    reached.subscription_id AS subscription_id,
    reached.period_start AS period_start,
    reached.component_no AS component_no,
    reached.dimensions AS dimensions,
    reached.bucket_at AS bucket_at,
    reached.quantity AS quantity,
    reached.units AS units,
    reached.tier AS tier,
    CASE
      WHEN reached.tier > 0 THEN rate_tier.flat_fee
      WHEN MAX(reached.tier) OVER (
        PARTITION BY reached.subscription_id, reached.period_start, reached.component_no, reached.dimensions
      ) = 0 THEN rate_tier.flat_fee
      ELSE CAST(0 AS DECIMAL(18,8))
    END AS flat_fee,
    CAST(ROUND(CAST(reached.units * CAST(rate_tier.unit_price AS DECIMAL(18,8)) AS DECIMAL(38,18)), 14) AS DECIMAL(38,14)) AS amount
  FROM reached
  JOIN rate_tier ON rate_tier.rate_no = reached.rate_no AND rate_tier.tier = reached.tier
)
SELECT
  priced.subscription_id AS subscription_id,
  priced.period_start AS period_start,
  priced.component_no AS component_no,
  priced.dimensions AS dimensions,
  MIN(priced.bucket_at) AS bucket_at,
  CAST(SUM(priced.quantity) AS DECIMAL(18,6)) AS quantity,
  CAST(ROUND(CAST(SUM(priced.units) AS DECIMAL(38,10)), 6) AS DECIMAL(18,6)) AS billable_quantity,
  MAX(priced.tier) AS tier,
  GREATEST(
    CAST(SUM(priced.amount) + CAST(SUM(priced.flat_fee) AS DECIMAL(38,14)) AS DECIMAL(38,14)), CAST(0 AS DECIMAL(38,14))
  ) AS raw_amount
FROM priced
GROUP BY priced.subscription_id, priced.period_start, priced.component_no, priced.dimensions
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
  AND component.kind = 'prorated'
  AND component.is_due_without_use = 1
JOIN rate_tier ON rate_tier.rate_no = component.rate_no AND rate_tier.tier = 0
WHERE NOT EXISTS (
  SELECT 1 AS hit
  FROM metered_change
  WHERE metered_change.subscription_id = billed_period.subscription_id
    AND metered_change.period_start = billed_period.period_start
    AND metered_change.meter = component.meter
)
