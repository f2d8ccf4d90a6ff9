/* What runs at a price on the last day of each month. */
WITH lasting AS (
  SELECT
    rate_segment.account_id AS account_id,
    rate_segment.product_id AS product_id,
    rate_segment.contract_id AS contract_id,
    rate_segment.currency AS currency,
    rate_segment.starts_on AS starts_on,
    rate_segment.quantity AS quantity,
    rate_segment.paused_from AS paused_from,
    rate_segment.paused_to AS paused_to,
    rate_segment.known_at AS known_at,
    rate_segment.monthly_amount AS monthly_amount,
    CAST(YEAR(rate_segment.starts_on) * 12 + MONTH(rate_segment.starts_on) - 1 AS INT) AS first_month,
    CAST(YEAR(rate_segment.ends_on) * 12 + MONTH(rate_segment.ends_on) - 2 AS INT) AS last_month
  FROM rate_segment
)
SELECT
  lasting.account_id AS account_id,
  lasting.product_id AS product_id,
  lasting.contract_id AS contract_id,
  lasting.currency AS currency,
  spine.month AS month,
  CASE WHEN 'floating' = 'event' THEN lasting.starts_on ELSE spine.last_day END AS rate_on,
  CASE
    WHEN 'zero' = 'zero'
    AND lasting.paused_from <= spine.last_day
    AND lasting.paused_to > spine.last_day
    THEN CAST(0 AS DECIMAL(18, 4))
    ELSE lasting.monthly_amount
  END AS amount,
  CAST(0 AS DECIMAL(18, 4)) AS usage_amount,
  CASE
    WHEN 'zero' = 'zero'
    AND lasting.paused_from <= spine.last_day
    AND lasting.paused_to > spine.last_day
    THEN NULL
    ELSE lasting.quantity
  END AS quantity,
  1 AS held
FROM lasting
JOIN month_spine AS spine
  ON spine.month >= lasting.first_month AND spine.month <= lasting.last_month
WHERE
  spine.month <= 24293
  AND lasting.known_at < CAST(spine.last_day + INTERVAL '36500' DAY AS TIMESTAMP_NTZ)
  AND (
    'active' = 'active' OR lasting.monthly_amount <> 0
  )
  AND (
    'zero' <> 'churn'
    OR lasting.paused_from IS NULL
    OR lasting.paused_from > spine.last_day
    OR lasting.paused_to <= spine.last_day
  )
