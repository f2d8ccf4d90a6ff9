-- Changes of levels that records state: the last value, a gauge, whether a thing is there.
WITH observed AS (
  SELECT
    record.usage_id AS usage_id,
    record.used_at AS used_at,
    record.subscription_id AS subscription_id,
    record.account_id AS account_id,
    record.meter AS meter,
    record.dimensions AS dimensions,
    record.period_start AS period_start,
    record.period_end AS period_end,
    record.bucket_at AS bucket_at,
    record.local_day AS local_day,
    record.window_ends_at AS window_ends_at,
    record.in_force_to AS in_force_to,
    record.days AS days,
    record.seconds AS seconds,
    record.aggregation AS aggregation,
    record.is_recurring AS is_recurring,
    record.is_prorated AS is_prorated,
    record.event_amount AS event_amount,
    CASE WHEN record.is_recurring THEN TIMESTAMP '1970-01-01 00:00:00' ELSE record.bucket_at END AS scope_at,
    CASE WHEN record.is_recurring THEN DATE '1970-01-01' ELSE record.period_start END AS scope_on,
    CASE WHEN record.aggregation = 'unique' THEN record.unique_key ELSE '' END AS item,
    CASE
      WHEN record.aggregation <> 'unique' THEN CAST(record.quantity AS DECIMAL(38,6))
      WHEN record.operation = 'remove' THEN CAST(0 AS DECIMAL(38,6))
      ELSE CAST(1 AS DECIMAL(38,6))
    END AS stated
  FROM metered_record AS record
  WHERE record.family = 'level' AND record.is_state AND (record.aggregation <> 'unique' OR record.unique_key IS NOT NULL)
),
changed AS (
  SELECT
    observed.usage_id AS usage_id,
    observed.used_at AS used_at,
    observed.subscription_id AS subscription_id,
    observed.account_id AS account_id,
    observed.meter AS meter,
    observed.dimensions AS dimensions,
    observed.period_start AS period_start,
    observed.period_end AS period_end,
    observed.bucket_at AS bucket_at,
    observed.local_day AS local_day,
    observed.window_ends_at AS window_ends_at,
    observed.in_force_to AS in_force_to,
    observed.days AS days,
    observed.seconds AS seconds,
    observed.aggregation AS aggregation,
    observed.is_recurring AS is_recurring,
    observed.is_prorated AS is_prorated,
    observed.event_amount AS event_amount,
    observed.scope_at AS scope_at,
    observed.scope_on AS scope_on,
    observed.item AS item,
    observed.stated - COALESCE(
      LAG(observed.stated) OVER (
        PARTITION BY
          observed.subscription_id, observed.meter, observed.dimensions, observed.scope_on, observed.scope_at, observed.item
        ORDER BY observed.used_at, observed.usage_id
      ),
      CAST(0 AS DECIMAL(38,6))
    ) AS change
  FROM observed
),
followed AS (
  SELECT
    changed.subscription_id AS subscription_id,
    changed.account_id AS account_id,
    changed.meter AS meter,
    changed.dimensions AS dimensions,
    changed.period_start AS period_start,
    changed.period_end AS period_end,
    changed.bucket_at AS bucket_at,
    changed.used_at AS used_at,
    changed.local_day AS local_day,
    changed.window_ends_at AS window_ends_at,
    changed.in_force_to AS in_force_to,
    changed.days AS days,
    changed.seconds AS seconds,
    changed.aggregation AS aggregation,
    changed.is_recurring AS is_recurring,
    changed.is_prorated AS is_prorated,
    changed.event_amount AS event_amount,
    changed.change AS change,
    MAX(CASE WHEN changed.change < 0 THEN changed.local_day END) OVER (
      PARTITION BY
        changed.subscription_id, changed.meter, changed.dimensions, changed.scope_on, changed.scope_at, changed.item
      ORDER BY changed.used_at, changed.usage_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS removed_on
  FROM changed
)
SELECT
  followed.subscription_id AS subscription_id,
  followed.account_id AS account_id,
  followed.meter AS meter,
  followed.dimensions AS dimensions,
  followed.period_start AS period_start,
  followed.period_end AS period_end,
  followed.bucket_at AS bucket_at,
  followed.change AS change,
  CASE
    WHEN followed.aggregation = 'weighted_sum'
    THEN CAST(DATE_DIFF('second', DATE_TRUNC('second', followed.used_at), followed.window_ends_at) AS BIGINT)
    WHEN NOT followed.is_prorated THEN 0
    -- a thing is there on the day it is removed, and a day counts once
    WHEN followed.change < 0 OR followed.removed_on = followed.local_day
    THEN CAST(DATE_DIFF('day', followed.local_day, followed.in_force_to) AS BIGINT) - 1
    ELSE CAST(DATE_DIFF('day', followed.local_day, followed.in_force_to) AS BIGINT)
  END AS time_left,
  CASE
    WHEN followed.aggregation = 'weighted_sum' THEN followed.seconds WHEN followed.is_prorated THEN followed.days ELSE 1
  END AS time_whole,
  followed.is_recurring AS is_recurring,
  followed.event_amount AS event_amount
FROM followed
