-- Changes of levels that records add to or take from.
SELECT
  record.subscription_id AS subscription_id,
  record.account_id AS account_id,
  record.meter AS meter,
  record.dimensions AS dimensions,
  record.period_start AS period_start,
  record.period_end AS period_end,
  record.bucket_at AS bucket_at,
  CASE WHEN record.operation = 'remove' THEN -1 ELSE 1 END * CASE
    WHEN record.aggregation = 'count' THEN CAST(1 AS DECIMAL(38,6)) ELSE CAST(record.quantity AS DECIMAL(38,6))
  END AS change,
  CASE
    WHEN record.aggregation = 'weighted_sum'
    THEN CAST(DATE_DIFF('second', DATE_TRUNC('second', record.used_at), record.window_ends_at) AS BIGINT)
    WHEN record.is_prorated THEN CAST(DATE_DIFF('day', record.local_day, record.in_force_to) AS BIGINT)
    ELSE 0
  END AS time_left,
  CASE WHEN record.aggregation = 'weighted_sum' THEN record.seconds WHEN record.is_prorated THEN record.days ELSE 1 END AS time_whole,
  record.is_recurring AS is_recurring,
  record.event_amount AS event_amount
FROM metered_record AS record
WHERE record.family = 'level' AND NOT record.is_state
