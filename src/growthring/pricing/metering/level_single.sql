-- Levels that begin at zero in every period.
SELECT
  level_period.subscription_id AS subscription_id,
  level_period.account_id AS account_id,
  level_period.meter AS meter,
  level_period.dimensions AS dimensions,
  level_period.period_start AS period_start,
  level_period.period_end AS period_end,
  level_period.bucket_at AS bucket_at,
  level_period.time_whole AS time_whole,
  CAST(0 AS DECIMAL(38,6)) AS opening,
  CAST(0 AS BIGINT) AS opening_time,
  level_period.change AS closing,
  level_period.whole AS whole,
  level_period.rest AS rest,
  level_period.events AS events,
  level_period.event_amount AS event_amount
FROM level_period
WHERE NOT level_period.is_recurring
