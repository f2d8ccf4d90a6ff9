-- Metered quantities, and a row of nothing for each component that costs something without use.
SELECT
  subscription_id, period_start, component_no, dimensions, bucket_at, rate_no, quantity, events, event_amount
FROM priced_quantity
UNION ALL
SELECT
  billed_period.subscription_id AS subscription_id,
  billed_period.period_start AS period_start,
  component.component_no AS component_no,
  '' AS dimensions,
  CAST(billed_period.period_start AS TIMESTAMP) AS bucket_at,
  component.rate_no AS rate_no,
  CAST(0 AS DECIMAL(18,6)) AS quantity,
  CAST(0 AS BIGINT) AS events,
  CAST(0 AS DECIMAL(18,8)) AS event_amount
FROM billed_period
JOIN component
  ON component.version_no = billed_period.version_no
  AND component.currency = billed_period.currency
  AND component.kind = 'rate'
  AND component.is_due_without_use = 1
WHERE NOT EXISTS (
  SELECT 1 AS hit
  FROM priced_quantity
  WHERE priced_quantity.subscription_id = billed_period.subscription_id
    AND priced_quantity.period_start = billed_period.period_start
    AND priced_quantity.component_no = component.component_no
)
