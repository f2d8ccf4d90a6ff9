-- Sums, counts, extremes and averages by dimensions and bucket.
WITH total AS (
  SELECT
    record.subscription_id AS subscription_id,
    record.account_id AS account_id,
    record.meter AS meter,
    record.dimensions AS dimensions,
    record.period_start AS period_start,
    record.period_end AS period_end,
    record.bucket_at AS bucket_at,
    record.aggregation AS aggregation,
    CAST(SUM(record.quantity) AS DECIMAL(38,6)) AS total_quantity,
    CAST(MAX(record.quantity) AS DECIMAL(38,6)) AS largest_quantity,
    CAST(MIN(record.quantity) AS DECIMAL(38,6)) AS smallest_quantity,
    CAST(COUNT(*) AS BIGINT) AS events,
    CAST(SUM(record.event_amount) AS DECIMAL(18,8)) AS event_amount
  FROM metered_record AS record
  WHERE record.family = 'total'
  GROUP BY
    record.subscription_id,
    record.account_id,
    record.meter,
    record.dimensions,
    record.period_start,
    record.period_end,
    record.bucket_at,
    record.aggregation
),
whole AS (
  SELECT
    total.subscription_id AS subscription_id,
    total.account_id AS account_id,
    total.meter AS meter,
    total.dimensions AS dimensions,
    total.period_start AS period_start,
    total.period_end AS period_end,
    total.bucket_at AS bucket_at,
    total.aggregation AS aggregation,
    total.total_quantity AS total_quantity,
    total.largest_quantity AS largest_quantity,
    total.smallest_quantity AS smallest_quantity,
    total.events AS events,
    total.event_amount AS event_amount,
    CASE WHEN total.total_quantity < 0 THEN -1 ELSE 1 END AS sign,
    CAST(ABS(total.total_quantity) * 1000000 AS BIGINT) AS millionths
  FROM total
)
SELECT
  whole.subscription_id AS subscription_id,
  whole.account_id AS account_id,
  whole.meter AS meter,
  whole.dimensions AS dimensions,
  whole.period_start AS period_start,
  whole.period_end AS period_end,
  whole.bucket_at AS bucket_at,
  CASE
    WHEN whole.aggregation = 'sum' THEN whole.total_quantity
    WHEN whole.aggregation = 'count' THEN CAST(whole.events AS DECIMAL(38,6))
    WHEN whole.aggregation = 'max' THEN whole.largest_quantity
    WHEN whole.aggregation = 'min' THEN whole.smallest_quantity
    ELSE CAST(
      CAST(
        whole.sign * (
          whole.millionths // whole.events
          + CASE WHEN 2 * (whole.millionths % whole.events) >= whole.events THEN 1 ELSE 0 END
        ) AS DECIMAL(38,0)
      ) * CAST(0.000001 AS DECIMAL(7,6)) AS DECIMAL(38,6)
    )
  END AS quantity,
  whole.events AS events,
  whole.event_amount AS event_amount
FROM whole
