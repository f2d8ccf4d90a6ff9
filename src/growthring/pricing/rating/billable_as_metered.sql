-- Quantities as they are priced, where no component converts units or includes some.
SELECT
  quantity.subscription_id AS subscription_id,
  quantity.period_start AS period_start,
  quantity.component_no AS component_no,
  quantity.dimensions AS dimensions,
  quantity.bucket_at AS bucket_at,
  quantity.rate_no AS rate_no,
  quantity.quantity AS quantity,
  quantity.quantity AS billable_quantity,
  quantity.events AS events,
  quantity.event_amount AS event_amount
FROM quantity
