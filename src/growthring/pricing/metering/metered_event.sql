-- Records of meters that price each of them, numbered in the order of their time: free allowances are used up in that order.
SELECT
  record.subscription_id AS subscription_id,
  record.account_id AS account_id,
  record.meter AS meter,
  record.dimensions AS dimensions,
  record.period_start AS period_start,
  record.period_end AS period_end,
  record.bucket_at AS bucket_at,
  ROW_NUMBER() OVER (
    PARTITION BY record.subscription_id, record.meter, record.period_start, record.period_end
    ORDER BY record.used_at, record.usage_id
  ) AS event_no,
  record.usage_id AS usage_id,
  record.used_at AS used_at,
  record.quantity AS quantity,
  record.event_amount AS event_amount
FROM metered_record AS record
WHERE record.is_per_event
