-- One line for each component and group of dimensions, where meters have no buckets: each charge is a line.
SELECT
  before.subscription_id AS subscription_id,
  before.period_start AS period_start,
  before.component_no AS component_no,
  before.dimensions AS dimensions,
  before.bucket_at AS bucket_at,
  before.quantity AS quantity,
  before.billable_quantity AS billable_quantity,
  before.tier AS tier,
  before.raw_amount AS raw_amount,
  before.amount AS amount
FROM before
