-- Metered quantities: totals below zero become zero where the meter says so.
SELECT
  aggregated.subscription_id AS subscription_id,
  aggregated.account_id AS account_id,
  aggregated.meter AS meter,
  aggregated.dimensions AS dimensions,
  aggregated.period_start AS period_start,
  aggregated.period_end AS period_end,
  aggregated.bucket_at AS bucket_at,
  CASE
    WHEN definition.negative = 'clamp' AND aggregated.quantity < 0 THEN CAST(0 AS DECIMAL(18,6))
    ELSE CAST(aggregated.quantity AS DECIMAL(18,6))
  END AS quantity,
  aggregated.events AS events,
  aggregated.event_amount AS event_amount
FROM aggregated
JOIN meter_definition AS definition ON definition.meter = aggregated.meter
