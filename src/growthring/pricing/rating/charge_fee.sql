-- Flat fees, for the share of the period the subscription was active: units of a ten-thousandth, with ten more decimals of the rest.
WITH shared AS (
  SELECT
    billed_period.subscription_id AS subscription_id,
    billed_period.period_start AS period_start,
    component.component_no AS component_no,
    CASE WHEN component.fee_amount < 0 THEN -1 ELSE 1 END AS sign,
    CAST(ABS(CAST(component.fee_amount AS DECIMAL(38,4))) * 10000 AS BIGINT) AS units,
    CASE WHEN component.is_prorated = 1 THEN billed_period.active_units ELSE billed_period.period_units END AS active_units,
    billed_period.period_units AS period_units
  FROM billed_period
  JOIN component ON component.version_no = billed_period.version_no AND component.currency = billed_period.currency
  WHERE component.kind = 'fee'
)
SELECT
  shared.subscription_id AS subscription_id,
  shared.period_start AS period_start,
  shared.component_no AS component_no,
  '' AS dimensions,
  CAST(shared.period_start AS TIMESTAMP) AS bucket_at,
  CAST(1 AS DECIMAL(18,6)) AS quantity,
  CAST(1 AS DECIMAL(18,6)) AS billable_quantity,
  0 AS tier,
  CAST(
    shared.sign * (
      CAST(
        CAST(
          (shared.units // shared.period_units) * shared.active_units
          + ((shared.units % shared.period_units) * shared.active_units) // shared.period_units AS DECIMAL(38,0)
        ) * CAST(0.0001 AS DECIMAL(18,4)) AS DECIMAL(38,14)
      )
      + CAST(
        CAST(
          (2 * (((shared.units % shared.period_units) * shared.active_units) % shared.period_units) * 10000000000 + shared.period_units)
          // (2 * shared.period_units) AS DECIMAL(24,0)
        ) * CAST(0.00000000000001 AS DECIMAL(14,14)) AS DECIMAL(38,14)
      )
    ) AS DECIMAL(38,14)
  ) AS raw_amount
FROM shared
