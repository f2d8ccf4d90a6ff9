-- Records that a meter counts, with their dimensions as the meter keeps them, their local day and their bucket.
SELECT
  usage.usage_id AS usage_id,
  usage.used_at AS used_at,
  usage.quantity AS quantity,
  usage.unique_key AS unique_key,
  usage.operation AS operation,
  COALESCE(usage.event_amount, CAST(0 AS DECIMAL(18,8))) AS event_amount,
  period.subscription_id AS subscription_id,
  period.account_id AS account_id,
  definition.meter AS meter,
  dimension.dimensions AS dimensions,
  period.period_start AS period_start,
  period.period_end AS period_end,
  CASE
    WHEN definition.bucket = 'minute' THEN CAST(DATE_TRUNC('minute', usage.used_at) AS TIMESTAMP)
    WHEN definition.bucket = 'hour' THEN CAST(DATE_TRUNC('hour', usage.used_at) AS TIMESTAMP)
    WHEN definition.bucket = 'day' THEN clock.day_starts_at
    ELSE period.period_starts_at
  END AS bucket_at,
  clock.day AS local_day,
  period.ends_at AS window_ends_at,
  period.in_force_to AS in_force_to,
  period.days AS days,
  period.seconds AS seconds,
  definition.family AS family,
  definition.aggregation AS aggregation,
  definition.is_recurring AS is_recurring,
  definition.is_prorated AS is_prorated,
  definition.is_state AS is_state,
  definition.is_per_event AS is_per_event,
  definition.percentile_millionths AS percentile_millionths
FROM usage
JOIN meter_definition AS definition
  ON definition.event = usage.meter AND (definition.family <> 'plain' OR definition.is_per_event)
JOIN usage_window AS period
  ON period.account_id = usage.account_id
  AND period.utc_month = YEAR(usage.used_at) * 12 + MONTH(usage.used_at) - 1
  AND usage.used_at >= period.starts_at
  AND usage.used_at < period.ends_at
LEFT JOIN local_clock AS clock
  ON clock.clock = definition.clock
  AND clock.zone = period.zone
  AND clock.utc_day = CAST(usage.used_at AS DATE)
  AND usage.used_at >= clock.starts_at
  AND usage.used_at < clock.ends_at
JOIN meter_dimension AS dimension
  ON dimension.meter = definition.meter
  AND dimension.recorded = CASE WHEN definition.reads_dimensions THEN COALESCE(usage.dimensions, '') ELSE '' END
  AND dimension.derived = COALESCE(clock.derived, '')
WHERE usage.known_at <= $as_of
