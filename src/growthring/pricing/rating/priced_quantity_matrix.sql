-- As priced_quantity, for books with prices by dimension.
SELECT
  billed_period.subscription_id AS subscription_id,
  billed_period.period_start AS period_start,
  component.component_no AS component_no,
  metered.dimensions AS dimensions,
  metered.bucket_at AS bucket_at,
  COALESCE(dimension_rate.rate_no, component.rate_no) AS rate_no,
  metered.quantity AS quantity,
  metered.events AS events,
  metered.event_amount AS event_amount
FROM metered
JOIN billed_period
  ON billed_period.subscription_id = metered.subscription_id AND billed_period.period_start = metered.period_start
JOIN component
  ON component.version_no = billed_period.version_no
  AND component.meter = metered.meter
  AND component.currency = billed_period.currency
LEFT JOIN dimension_rate
  ON dimension_rate.component_no = component.component_no AND dimension_rate.dimensions = metered.dimensions
WHERE component.kind = 'rate'
