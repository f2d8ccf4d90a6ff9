-- One line for each component and group of dimensions: buckets are added up.
SELECT
  before.subscription_id AS subscription_id,
  before.period_start AS period_start,
  before.component_no AS component_no,
  before.dimensions AS dimensions,
  MIN(before.bucket_at) AS bucket_at,
  CAST(SUM(before.quantity) AS DECIMAL(18,6)) AS quantity,
  CAST(SUM(before.billable_quantity) AS DECIMAL(18,6)) AS billable_quantity,
  MAX(before.tier) AS tier,
  CAST(SUM(before.raw_amount) AS DECIMAL(38,14)) AS raw_amount,
  CAST(SUM(before.amount) AS DECIMAL(38,14)) AS amount
FROM before
GROUP BY before.subscription_id, before.period_start, before.component_no, before.dimensions
