-- Percentiles by nearest rank: the smallest record that at least the share of records do not exceed.
WITH ranked AS (
  SELECT
    record.subscription_id AS subscription_id,
    record.account_id AS account_id,
    record.meter AS meter,
    record.dimensions AS dimensions,
    record.period_start AS period_start,
    record.period_end AS period_end,
    record.bucket_at AS bucket_at,
    record.quantity AS quantity,
    record.percentile_millionths AS percentile_millionths,
    ROW_NUMBER() OVER (
      PARTITION BY
        record.subscription_id, record.meter, record.dimensions, record.period_start, record.period_end, record.bucket_at
      ORDER BY record.quantity, record.usage_id
    ) AS position,
    COUNT(*) OVER (
      PARTITION BY
        record.subscription_id, record.meter, record.dimensions, record.period_start, record.period_end, record.bucket_at
    ) AS events,
    SUM(record.event_amount) OVER (
      PARTITION BY
        record.subscription_id, record.meter, record.dimensions, record.period_start, record.period_end, record.bucket_at
    ) AS event_amount
  FROM metered_record AS record
  WHERE record.family = 'percentile'
)
SELECT
  ranked.subscription_id AS subscription_id,
  ranked.account_id AS account_id,
  ranked.meter AS meter,
  ranked.dimensions AS dimensions,
  ranked.period_start AS period_start,
  ranked.period_end AS period_end,
  ranked.bucket_at AS bucket_at,
  CAST(ranked.quantity AS DECIMAL(38,6)) AS quantity,
  ranked.events AS events,
  CAST(ranked.event_amount AS DECIMAL(18,8)) AS event_amount
FROM ranked
WHERE ranked.position = (ranked.percentile_millionths * ranked.events + 99999999) // 100000000
