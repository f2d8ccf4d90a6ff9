-- Quantities of levels: where they end, or their share of the period's seconds or days.
WITH opened AS (
  SELECT
    level.subscription_id AS subscription_id,
    level.account_id AS account_id,
    level.meter AS meter,
    level.dimensions AS dimensions,
    level.period_start AS period_start,
    level.period_end AS period_end,
    level.bucket_at AS bucket_at,
    level.closing AS closing,
    level.events AS events,
    level.event_amount AS event_amount,
    level.time_whole AS time_whole,
    level.opening_time AS opening_time,
    level.whole AS whole,
    level.rest AS rest,
    CASE WHEN level.opening < 0 THEN -1 ELSE 1 END AS sign,
    CAST(ABS(level.opening) * 1000000 AS BIGINT) AS millionths
  FROM level
),
added AS (
  SELECT
    opened.subscription_id AS subscription_id,
    opened.account_id AS account_id,
    opened.meter AS meter,
    opened.dimensions AS dimensions,
    opened.period_start AS period_start,
    opened.period_end AS period_end,
    opened.bucket_at AS bucket_at,
    opened.closing AS closing,
    opened.events AS events,
    opened.event_amount AS event_amount,
    opened.time_whole AS time_whole,
    opened.whole + opened.sign * (
      (opened.millionths // opened.time_whole) * opened.opening_time
      + ((opened.millionths % opened.time_whole) * opened.opening_time) // opened.time_whole
    ) AS whole,
    opened.rest
    + opened.sign * (((opened.millionths % opened.time_whole) * opened.opening_time) % opened.time_whole) AS rest
  FROM opened
),
carried AS (
  SELECT
    added.subscription_id AS subscription_id,
    added.account_id AS account_id,
    added.meter AS meter,
    added.dimensions AS dimensions,
    added.period_start AS period_start,
    added.period_end AS period_end,
    added.bucket_at AS bucket_at,
    added.closing AS closing,
    added.events AS events,
    added.event_amount AS event_amount,
    added.time_whole AS time_whole,
    added.whole AS whole,
    added.rest AS rest,
    CASE
      WHEN added.rest >= 0 THEN added.rest // added.time_whole
      ELSE -((added.time_whole - 1 - added.rest) // added.time_whole)
    END AS carry
  FROM added
),
floored AS (
  SELECT
    carried.subscription_id AS subscription_id,
    carried.account_id AS account_id,
    carried.meter AS meter,
    carried.dimensions AS dimensions,
    carried.period_start AS period_start,
    carried.period_end AS period_end,
    carried.bucket_at AS bucket_at,
    carried.closing AS closing,
    carried.events AS events,
    carried.event_amount AS event_amount,
    carried.time_whole AS time_whole,
    carried.whole + carried.carry AS whole,
    carried.rest - carried.carry * carried.time_whole AS rest
  FROM carried
),
rounded AS (
  SELECT
    floored.subscription_id AS subscription_id,
    floored.account_id AS account_id,
    floored.meter AS meter,
    floored.dimensions AS dimensions,
    floored.period_start AS period_start,
    floored.period_end AS period_end,
    floored.bucket_at AS bucket_at,
    floored.closing AS closing,
    floored.events AS events,
    floored.event_amount AS event_amount,
    floored.whole + CASE
      WHEN floored.whole >= 0 AND 2 * floored.rest >= floored.time_whole THEN 1
      WHEN floored.whole < 0 AND 2 * floored.rest > floored.time_whole THEN 1
      ELSE 0
    END AS nearest,
    floored.whole + CASE WHEN floored.rest > 0 THEN 1 ELSE 0 END AS ceiling
  FROM floored
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
    WHEN definition.aggregation = 'weighted_sum'
    THEN CAST(CAST(rounded.nearest AS DECIMAL(38,0)) * CAST(0.000001 AS DECIMAL(7,6)) AS DECIMAL(38,6))
    -- rounded up to 5 decimals
    WHEN definition.is_prorated
    THEN CAST(
      CAST(
        CASE WHEN rounded.ceiling > 0 THEN (rounded.ceiling + 9) // 10 ELSE -((-rounded.ceiling) // 10) END AS DECIMAL(38,0)
      ) * CAST(0.00001 AS DECIMAL(6,5)) AS DECIMAL(38,6)
    )
    ELSE rounded.closing
  END AS quantity,
  rounded.events AS events,
  rounded.event_amount AS event_amount
FROM rounded
JOIN meter_definition AS definition ON definition.meter = rounded.meter
