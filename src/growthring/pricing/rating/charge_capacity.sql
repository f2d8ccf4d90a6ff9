-- One fee by the first tier whose every limit holds, over all meters it names; above the last tier, the last tier's.
WITH reached AS (
  SELECT
    billed_period.subscription_id AS subscription_id,
    billed_period.period_start AS period_start,
    component.component_no AS component_no,
    COALESCE(
      MAX(CASE WHEN metered.quantity > capacity_limit.over AND metered.quantity <= capacity_limit.up_to THEN capacity_limit.tier END), 1
    ) AS tier
  FROM billed_period
  JOIN component
    ON component.version_no = billed_period.version_no AND component.currency = billed_period.currency AND component.kind = 'capacity'
  JOIN capacity_limit ON capacity_limit.component_no = component.component_no
  LEFT JOIN metered
    ON metered.subscription_id = billed_period.subscription_id
    AND metered.period_start = billed_period.period_start
    AND metered.meter = capacity_limit.meter
  GROUP BY billed_period.subscription_id, billed_period.period_start, component.component_no
)
SELECT
  reached.subscription_id AS subscription_id,
  reached.period_start AS period_start,
  reached.component_no AS component_no,
  '' AS dimensions,
  CAST(reached.period_start AS TIMESTAMP) AS bucket_at,
  CAST(1 AS DECIMAL(18,6)) AS quantity,
  CAST(1 AS DECIMAL(18,6)) AS billable_quantity,
  reached.tier AS tier,
  CAST(capacity_price.amount AS DECIMAL(38,14)) AS raw_amount
FROM reached
JOIN capacity_price ON capacity_price.component_no = reached.component_no AND capacity_price.tier = reached.tier
