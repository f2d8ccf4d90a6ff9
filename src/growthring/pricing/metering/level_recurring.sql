-- Levels that go on from period to period, also through periods without records.
WITH series AS (
  SELECT
    level_period.subscription_id AS subscription_id,
    level_period.account_id AS account_id,
    level_period.meter AS meter,
    level_period.dimensions AS dimensions,
    MIN(level_period.period_start) AS first_start
  FROM level_period
  WHERE level_period.is_recurring
  GROUP BY level_period.subscription_id, level_period.account_id, level_period.meter, level_period.dimensions
),
spread AS (
  SELECT
    series.subscription_id AS subscription_id,
    series.account_id AS account_id,
    series.meter AS meter,
    series.dimensions AS dimensions,
    period.period_start AS period_start,
    period.period_end AS period_end,
    period.period_starts_at AS bucket_at,
    CASE
      WHEN definition.aggregation = 'weighted_sum' THEN period.seconds WHEN definition.is_prorated THEN period.days ELSE 1
    END AS time_whole,
    CASE
      WHEN definition.aggregation = 'weighted_sum' THEN CAST(DATE_DIFF('second', period.starts_at, period.ends_at) AS BIGINT)
      WHEN definition.is_prorated THEN CAST(DATE_DIFF('day', period.in_force_from, period.in_force_to) AS BIGINT)
      ELSE 0
    END AS opening_time
  FROM series
  JOIN meter_definition AS definition ON definition.meter = series.meter
  JOIN subscription_period AS period
    ON period.subscription_id = series.subscription_id AND period.period_start >= series.first_start
  WHERE period.ends_at > period.starts_at
),
followed AS (
  SELECT
    spread.subscription_id AS subscription_id,
    spread.account_id AS account_id,
    spread.meter AS meter,
    spread.dimensions AS dimensions,
    spread.period_start AS period_start,
    spread.period_end AS period_end,
    spread.bucket_at AS bucket_at,
    spread.time_whole AS time_whole,
    spread.opening_time AS opening_time,
    COALESCE(booked.change, CAST(0 AS DECIMAL(38,6))) AS change,
    CAST(
      SUM(COALESCE(booked.change, CAST(0 AS DECIMAL(38,6)))) OVER (
        PARTITION BY spread.subscription_id, spread.meter, spread.dimensions
        ORDER BY spread.period_start, spread.period_end
      ) AS DECIMAL(38,6)
    ) AS closing,
    COALESCE(booked.whole, 0) AS whole,
    COALESCE(booked.rest, 0) AS rest,
    COALESCE(booked.events, 0) AS events,
    COALESCE(booked.event_amount, CAST(0 AS DECIMAL(18,8))) AS event_amount
  FROM spread
  LEFT JOIN level_period AS booked
    ON booked.subscription_id = spread.subscription_id
    AND booked.meter = spread.meter
    AND booked.dimensions = spread.dimensions
    AND booked.period_start = spread.period_start
    AND booked.period_end = spread.period_end
)
SELECT
  followed.subscription_id AS subscription_id,
  followed.account_id AS account_id,
  followed.meter AS meter,
  followed.dimensions AS dimensions,
  followed.period_start AS period_start,
  followed.period_end AS period_end,
  followed.bucket_at AS bucket_at,
  followed.time_whole AS time_whole,
  followed.closing - followed.change AS opening,
  followed.opening_time AS opening_time,
  followed.closing AS closing,
  followed.whole AS whole,
  followed.rest AS rest,
  followed.events AS events,
  followed.event_amount AS event_amount
FROM followed
WHERE followed.events > 0 OR followed.closing <> 0
