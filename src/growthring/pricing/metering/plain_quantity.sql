-- Sums and counts without filters, dimensions or buckets: one pass over the records, grouped by numbers.
WITH total AS (
  SELECT
    period.period_no AS period_no,
    definition.meter_no AS meter_no,
    SUM(usage.quantity) AS total_quantity,
    COUNT(*) AS events,
    SUM(usage.event_amount) AS event_amount
  FROM usage
  JOIN meter_definition AS definition ON definition.event = usage.meter AND definition.family = 'plain'
  JOIN usage_window AS period
    ON period.account_id = usage.account_id
    AND period.utc_month = YEAR(usage.used_at) * 12 + MONTH(usage.used_at) - 1
    AND usage.used_at >= period.starts_at
    AND usage.used_at < period.ends_at
  WHERE usage.known_at <= $as_of
  GROUP BY period.period_no, definition.meter_no
)
SELECT
  period.subscription_id AS subscription_id,
  period.account_id AS account_id,
  definition.meter AS meter,
  '' AS dimensions,
  period.period_start AS period_start,
  period.period_end AS period_end,
  period.period_starts_at AS bucket_at,
  CASE
    WHEN definition.aggregation = 'count' THEN CAST(total.events AS DECIMAL(38,6))
    ELSE CAST(total.total_quantity AS DECIMAL(38,6))
  END AS quantity,
  total.events AS events,
  CAST(COALESCE(total.event_amount, 0) AS DECIMAL(18,8)) AS event_amount
FROM total
JOIN subscription_period AS period ON period.period_no = total.period_no
JOIN meter_definition AS definition ON definition.meter_no = total.meter_no
