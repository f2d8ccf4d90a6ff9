-- One step of the adjustment pipeline: a discount, a commitment with overage, a minimum or a maximum, where the step is due.
WITH due AS (
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
    before.amount AS amount,
    CASE WHEN adjustment.is_measured_raw = 1 THEN before.raw_amount ELSE before.amount END AS measured_amount,
    COALESCE(adjustment.kind, '') AS kind,
    adjustment.fraction AS fraction,
    adjustment.factor AS factor,
    adjustment.true_up AS true_up,
    CAST(CAST(adjustment.amount AS DECIMAL(38,4)) * 10000 AS BIGINT) AS units,
    CASE WHEN adjustment.is_prorated = 1 THEN billed_period.active_units ELSE billed_period.period_units END AS active_units,
    billed_period.period_units AS period_units
  FROM before
  JOIN billed_period
    ON billed_period.subscription_id = before.subscription_id AND billed_period.period_start = before.period_start
  LEFT JOIN adjustment
    ON adjustment.component_no = before.component_no
    AND adjustment.step = $step
    AND adjustment.scope = $scope
    AND adjustment.first_period <= billed_period.period_no
    AND adjustment.last_period >= billed_period.period_no
),
limited AS (
  SELECT
    due.subscription_id AS subscription_id,
    due.period_start AS period_start,
    due.component_no AS component_no,
    due.dimensions AS dimensions,
    due.bucket_at AS bucket_at,
    due.quantity AS quantity,
    due.billable_quantity AS billable_quantity,
    due.tier AS tier,
    due.raw_amount AS raw_amount,
    due.amount AS amount,
    due.measured_amount AS measured_amount,
    due.kind AS kind,
    due.true_up AS true_up,
    due.factor AS factor,
    CAST(ROUND(CAST(CAST(due.amount AS DECIMAL(38,14)) * due.fraction AS DECIMAL(38,22)), 14) AS DECIMAL(38,14)) AS share_amount,
    CAST(
      CAST(
        CAST(
          (due.units // due.period_units) * due.active_units
          + ((due.units % due.period_units) * due.active_units) // due.period_units AS DECIMAL(38,0)
        ) * CAST(0.0001 AS DECIMAL(18,4)) AS DECIMAL(38,14)
      )
      + CAST(
        CAST(
          (2 * (((due.units % due.period_units) * due.active_units) % due.period_units) * 10000000000 + due.period_units)
          // (2 * due.period_units) AS DECIMAL(24,0)
        ) * CAST(0.00000000000001 AS DECIMAL(14,14)) AS DECIMAL(38,14)
      ) AS DECIMAL(38,14)
    ) AS limit_amount
  FROM due
)
SELECT
  limited.subscription_id AS subscription_id,
  limited.period_start AS period_start,
  limited.component_no AS component_no,
  limited.dimensions AS dimensions,
  limited.bucket_at AS bucket_at,
  limited.quantity AS quantity,
  limited.billable_quantity AS billable_quantity,
  limited.tier AS tier,
  limited.raw_amount AS raw_amount,
  CAST(
    CASE limited.kind
      WHEN 'percent_discount' THEN limited.amount - limited.share_amount
      WHEN 'amount_discount' THEN limited.amount - GREATEST(LEAST(limited.limit_amount, limited.amount), CAST(0 AS DECIMAL(38,14)))
      WHEN 'minimum'
        THEN limited.amount + GREATEST(CAST(limited.limit_amount - limited.measured_amount AS DECIMAL(38,14)), CAST(0 AS DECIMAL(38,14)))
      WHEN 'maximum' THEN LEAST(limited.amount, limited.limit_amount)
      WHEN 'overage' THEN CASE
        WHEN limited.amount > limited.limit_amount
          THEN limited.limit_amount + CAST(
            ROUND(
              CAST(CAST(limited.amount - limited.limit_amount AS DECIMAL(38,14)) * CAST(limited.factor AS DECIMAL(18,8)) AS DECIMAL(38,22)), 14
            ) AS DECIMAL(38,14)
          )
        WHEN limited.true_up = 1 THEN limited.limit_amount
        ELSE limited.amount
      END
      ELSE limited.amount
    END AS DECIMAL(38,14)
  ) AS amount
FROM limited
