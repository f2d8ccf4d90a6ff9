-- Changes of a level added up by period: each counts for the time that is left, as whole millionths and a rest in units of time.
WITH counted AS (
  SELECT
    level_change.subscription_id AS subscription_id,
    level_change.account_id AS account_id,
    level_change.meter AS meter,
    level_change.dimensions AS dimensions,
    level_change.period_start AS period_start,
    level_change.period_end AS period_end,
    level_change.bucket_at AS bucket_at,
    level_change.change AS change,
    level_change.time_left AS time_left,
    level_change.time_whole AS time_whole,
    level_change.is_recurring AS is_recurring,
    level_change.event_amount AS event_amount,
    CASE WHEN level_change.change < 0 THEN -1 ELSE 1 END AS sign,
    CAST(ABS(level_change.change) * 1000000 AS BIGINT) AS millionths
  FROM level_change
)
SELECT
  counted.subscription_id AS subscription_id,
  counted.account_id AS account_id,
  counted.meter AS meter,
  counted.dimensions AS dimensions,
  counted.period_start AS period_start,
  counted.period_end AS period_end,
  counted.bucket_at AS bucket_at,
  counted.is_recurring AS is_recurring,
  counted.time_whole AS time_whole,
  CAST(SUM(counted.change) AS DECIMAL(38,6)) AS change,
  CAST(
    SUM(
      counted.sign * (
        (counted.millionths // counted.time_whole) * counted.time_left
        + ((counted.millionths % counted.time_whole) * counted.time_left) // counted.time_whole
      )
    ) AS BIGINT
  ) AS whole,
  CAST(
    SUM(counted.sign * (((counted.millionths % counted.time_whole) * counted.time_left) % counted.time_whole)) AS BIGINT
  ) AS rest,
  CAST(COUNT(*) AS BIGINT) AS events,
  CAST(SUM(counted.event_amount) AS DECIMAL(18,8)) AS event_amount
FROM counted
GROUP BY
  counted.subscription_id,
  counted.account_id,
  counted.meter,
  counted.dimensions,
  counted.period_start,
  counted.period_end,
  counted.bucket_at,
  counted.is_recurring,
  counted.time_whole
