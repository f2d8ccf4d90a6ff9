-- Metered quantities: totals below zero become zero where the meter says so, then the meter's rounding.
WITH clamped AS (
  SELECT
    aggregated.subscription_id AS subscription_id,
    aggregated.account_id AS account_id,
    aggregated.meter AS meter,
    aggregated.dimensions AS dimensions,
    aggregated.period_start AS period_start,
    aggregated.period_end AS period_end,
    aggregated.bucket_at AS bucket_at,
    CASE
      WHEN definition.negative = 'clamp' AND aggregated.quantity < 0 THEN CAST(0 AS DECIMAL(38,6)) ELSE aggregated.quantity
    END AS quantity,
    aggregated.events AS events,
    aggregated.event_amount AS event_amount,
    definition.rounding AS rounding,
    definition.rounding_step AS step
  FROM aggregated
  JOIN meter_definition AS definition ON definition.meter = aggregated.meter
),
counted AS (
  SELECT
    clamped.subscription_id AS subscription_id,
    clamped.account_id AS account_id,
    clamped.meter AS meter,
    clamped.dimensions AS dimensions,
    clamped.period_start AS period_start,
    clamped.period_end AS period_end,
    clamped.bucket_at AS bucket_at,
    clamped.quantity AS quantity,
    clamped.events AS events,
    clamped.event_amount AS event_amount,
    clamped.rounding AS rounding,
    clamped.step AS step,
    CASE WHEN clamped.quantity < 0 THEN -1 ELSE 1 END AS sign,
    CAST(CAST(ABS(clamped.quantity) AS DECIMAL(38,6)) * 1000000 AS BIGINT) AS millionths
  FROM clamped
),
rounded AS (
  SELECT
    counted.subscription_id AS subscription_id,
    counted.account_id AS account_id,
    counted.meter AS meter,
    counted.dimensions AS dimensions,
    counted.period_start AS period_start,
    counted.period_end AS period_end,
    counted.bucket_at AS bucket_at,
    counted.quantity AS quantity,
    counted.events AS events,
    counted.event_amount AS event_amount,
    counted.rounding AS rounding,
    counted.sign * counted.step * (
      counted.millionths // counted.step + CASE
        WHEN counted.rounding = 'half_up' AND 2 * (counted.millionths % counted.step) >= counted.step THEN 1
        WHEN counted.rounding = 'ceiling' AND counted.sign > 0 AND counted.millionths % counted.step > 0 THEN 1
        WHEN counted.rounding = 'floor' AND counted.sign < 0 AND counted.millionths % counted.step > 0 THEN 1
        ELSE 0
      END
    ) AS millionths
  FROM counted
)
SELECT
  rounded.subscription_id AS subscription_id,
  rounded.account_id AS account_id,
  rounded.meter AS meter,
  rounded.dimensions AS dimensions,
  rounded.period_start AS period_start,
  rounded.period_end AS period_end,
  rounded.bucket_at AS bucket_at,
  CASE
    WHEN rounded.rounding = 'none' THEN CAST(rounded.quantity AS DECIMAL(18,6))
    ELSE CAST(CAST(rounded.millionths AS DECIMAL(38,0)) * CAST(0.000001 AS DECIMAL(7,6)) AS DECIMAL(18,6))
  END AS quantity,
  rounded.events AS events,
  rounded.event_amount AS event_amount
FROM rounded
