-- Sums and counts without filters, dimensions or buckets: one pass over the records.
SELECT
  period.subscription_id AS subscription_id,
  period.account_id AS account_id,
  meter_definition.meter AS meter,
  '' AS dimensions,
  period.period_start AS period_start,
  period.period_end AS period_end,
  period.period_starts_at AS bucket_at,
  CASE
    WHEN meter_definition.aggregation = 'count' THEN CAST(COUNT(*) AS DECIMAL(38,6))
    ELSE CAST(SUM(usage.quantity) AS DECIMAL(38,6))
  END AS quantity,
  COUNT(*) AS events,
  CAST(COALESCE(SUM(usage.event_amount), 0) AS DECIMAL(18,8)) AS event_amount
FROM usage
JOIN meter_definition ON meter_definition.event = usage.meter AND meter_definition.family = 'plain'
JOIN usage_window AS period
  ON period.account_id = usage.account_id
  AND period.utc_month = YEAR(usage.used_at) * 12 + MONTH(usage.used_at) - 1
  AND usage.used_at >= period.starts_at
  AND usage.used_at < period.ends_at
WHERE usage.known_at <= $as_of
GROUP BY
  period.subscription_id,
  period.account_id,
  meter_definition.meter,
  meter_definition.aggregation,
  period.period_start,
  period.period_end,
  period.period_starts_at
