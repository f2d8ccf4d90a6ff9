-- The amount each charge has before anything adjusts it.
SELECT
  charge.subscription_id AS subscription_id,
  charge.period_start AS period_start,
  charge.component_no AS component_no,
  charge.dimensions AS dimensions,
  charge.bucket_at AS bucket_at,
  charge.quantity AS quantity,
  charge.billable_quantity AS billable_quantity,
  charge.tier AS tier,
  charge.raw_amount AS raw_amount,
  charge.raw_amount AS amount
FROM charge
