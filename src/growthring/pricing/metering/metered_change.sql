-- Changes of prorated levels in the order in which they count, each with the days that were left: the level a period opens with first.
WITH changed AS (
  SELECT
    level.subscription_id AS subscription_id,
    level.account_id AS account_id,
    level.meter AS meter,
    level.dimensions AS dimensions,
    level.period_start AS period_start,
    level.period_end AS period_end,
    level.bucket_at AS bucket_at,
    0 AS place,
    CAST(level.opening AS DECIMAL(38,6)) AS change,
    level.opening_time AS time_left,
    level.time_whole AS time_whole
  FROM level
  WHERE level.opening <> 0
  UNION ALL
  SELECT
    level_change.subscription_id AS subscription_id,
    level_change.account_id AS account_id,
    level_change.meter AS meter,
    level_change.dimensions AS dimensions,
    level_change.period_start AS period_start,
    level_change.period_end AS period_end,
    level_change.bucket_at AS bucket_at,
    1 AS place,
    CAST(level_change.change AS DECIMAL(38,6)) AS change,
    level_change.time_left AS time_left,
    level_change.time_whole AS time_whole
  FROM level_change
  WHERE level_change.change <> 0
)
SELECT
  changed.subscription_id AS subscription_id,
  changed.account_id AS account_id,
  changed.meter AS meter,
  changed.dimensions AS dimensions,
  changed.period_start AS period_start,
  changed.period_end AS period_end,
  changed.bucket_at AS bucket_at,
  ROW_NUMBER() OVER (
    PARTITION BY changed.subscription_id, changed.meter, changed.dimensions, changed.period_start, changed.period_end
    ORDER BY changed.place, changed.time_left DESC, changed.change DESC
  ) AS change_no,
  CAST(changed.change AS DECIMAL(18,6)) AS change,
  changed.time_left AS time_left,
  changed.time_whole AS time_whole
FROM changed
JOIN meter_definition AS definition ON definition.meter = changed.meter
WHERE definition.is_prorated
