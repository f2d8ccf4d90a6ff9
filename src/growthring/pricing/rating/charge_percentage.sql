-- The fees of all events of a period, and a row of nothing where a minimum is due without any.
SELECT
  percentage_event.subscription_id AS subscription_id,
  percentage_event.period_start AS period_start,
  percentage_event.component_no AS component_no,
  percentage_event.dimensions AS dimensions,
  MIN(percentage_event.bucket_at) AS bucket_at,
  CAST(SUM(percentage_event.quantity) AS DECIMAL(18,6)) AS quantity,
  CAST(SUM(percentage_event.charged_quantity) AS DECIMAL(18,6)) AS billable_quantity,
  0 AS tier,
  CAST(SUM(percentage_event.fee) AS DECIMAL(38,14)) AS raw_amount
FROM percentage_event
GROUP BY
  percentage_event.subscription_id,
  percentage_event.period_start,
  percentage_event.component_no,
  percentage_event.dimensions
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
  CAST(0 AS DECIMAL(38,14)) AS raw_amount
FROM billed_period
JOIN component
  ON component.version_no = billed_period.version_no
  AND component.currency = billed_period.currency
  AND component.kind = 'percentage'
  AND component.is_due_without_use = 1
WHERE NOT EXISTS (
  SELECT 1 AS hit
  FROM percentage_event
  WHERE percentage_event.subscription_id = billed_period.subscription_id
    AND percentage_event.period_start = billed_period.period_start
    AND percentage_event.component_no = component.component_no
)
