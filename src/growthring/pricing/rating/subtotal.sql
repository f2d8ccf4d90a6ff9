-- What the lines of a bill add up to, also when there are none; the bill's own adjustments are listed under a number below zero.
SELECT
  billed_period.subscription_id AS subscription_id,
  billed_period.period_start AS period_start,
  -billed_period.version_no AS component_no,
  '' AS dimensions,
  CAST(billed_period.period_start AS TIMESTAMP) AS bucket_at,
  CAST(0 AS DECIMAL(18,6)) AS quantity,
  CAST(0 AS DECIMAL(18,6)) AS billable_quantity,
  0 AS tier,
  CAST(COALESCE(SUM(rated_line.amount), 0) AS DECIMAL(38,14)) AS raw_amount,
  CAST(COALESCE(SUM(rated_line.amount), 0) AS DECIMAL(38,14)) AS amount
FROM billed_period
LEFT JOIN rated_line
  ON rated_line.subscription_id = billed_period.subscription_id AND rated_line.period_start = billed_period.period_start
GROUP BY billed_period.subscription_id, billed_period.period_start, billed_period.version_no
