-- The amount of each quantity, from the one row of its rate that it lies in: plain tiers, nothing else to consider.
SELECT
  billable.subscription_id AS subscription_id,
  billable.period_start AS period_start,
  billable.component_no AS component_no,
  billable.dimensions AS dimensions,
  billable.bucket_at AS bucket_at,
  billable.quantity AS quantity,
  billable.billable_quantity AS billable_quantity,
  rate_tier.tier AS tier,
  CAST(
    rate_tier.base_amount + rate_tier.flat_fee
    + CAST(CAST(billable.billable_quantity - rate_tier.origin AS DECIMAL(38,6)) * rate_tier.unit_price AS DECIMAL(38,14))
    AS DECIMAL(38,14)
  ) AS raw_amount
FROM billable
JOIN rate_tier
  ON rate_tier.rate_no = billable.rate_no
  AND billable.billable_quantity > rate_tier.over
  AND billable.billable_quantity <= rate_tier.up_to
