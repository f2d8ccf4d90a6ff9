-- The fee of each event under a percentage with an allowance or limits: free until events or amount are used up, whichever is first.
WITH running AS (
  SELECT
    metered_event.subscription_id AS subscription_id,
    metered_event.period_start AS period_start,
    percentage.component_no AS component_no,
    metered_event.dimensions AS dimensions,
    metered_event.bucket_at AS bucket_at,
    metered_event.event_no AS event_no,
    metered_event.quantity AS quantity,
    percentage.rate AS rate,
    percentage.fixed_per_event AS fixed_per_event,
    percentage.free_events AS free_events,
    percentage.free_amount AS free_amount,
    percentage.minimum_per_event AS minimum_per_event,
    percentage.maximum_per_event AS maximum_per_event,
    CAST(
      SUM(metered_event.quantity) OVER (
        PARTITION BY metered_event.subscription_id, metered_event.period_start, percentage.component_no, metered_event.dimensions
        ORDER BY metered_event.event_no
      ) AS DECIMAL(38,6)
    ) AS amount_so_far,
    ROW_NUMBER() OVER (
      PARTITION BY metered_event.subscription_id, metered_event.period_start, percentage.component_no, metered_event.dimensions
      ORDER BY metered_event.event_no
    ) AS events_so_far
  FROM metered_event
  JOIN billed_period
    ON billed_period.subscription_id = metered_event.subscription_id AND billed_period.period_start = metered_event.period_start
  JOIN component
    ON component.version_no = billed_period.version_no
    AND component.meter = metered_event.meter
    AND component.currency = billed_period.currency
  JOIN percentage ON percentage.component_no = component.component_no
),
allowed AS (
  SELECT
    running.subscription_id AS subscription_id,
    running.period_start AS period_start,
    running.component_no AS component_no,
    running.dimensions AS dimensions,
    running.bucket_at AS bucket_at,
    running.quantity AS quantity,
    running.rate AS rate,
    running.fixed_per_event AS fixed_per_event,
    running.minimum_per_event AS minimum_per_event,
    running.maximum_per_event AS maximum_per_event,
    CASE WHEN running.events_so_far <= running.free_events AND running.amount_so_far <= running.free_amount THEN 1 ELSE 0 END AS is_free,
    CASE
      WHEN running.events_so_far > running.free_events THEN CAST(running.quantity AS DECIMAL(38,6))
      ELSE LEAST(
        CAST(running.quantity AS DECIMAL(38,6)),
        GREATEST(CAST(running.amount_so_far - running.free_amount AS DECIMAL(38,6)), CAST(0 AS DECIMAL(38,6)))
      )
    END AS charged_quantity
  FROM running
),
priced AS (
  SELECT
    allowed.subscription_id AS subscription_id,
    allowed.period_start AS period_start,
    allowed.component_no AS component_no,
    allowed.dimensions AS dimensions,
    allowed.bucket_at AS bucket_at,
    allowed.quantity AS quantity,
    allowed.is_free AS is_free,
    allowed.charged_quantity AS charged_quantity,
    allowed.minimum_per_event AS minimum_per_event,
    allowed.maximum_per_event AS maximum_per_event,
    CAST(CAST(allowed.charged_quantity * allowed.rate AS DECIMAL(38,14)) + allowed.fixed_per_event AS DECIMAL(38,14)) AS fee
  FROM allowed
)
SELECT
  priced.subscription_id AS subscription_id,
  priced.period_start AS period_start,
  priced.component_no AS component_no,
  priced.dimensions AS dimensions,
  priced.bucket_at AS bucket_at,
  priced.quantity AS quantity,
  priced.is_free AS is_free,
  CAST(CASE WHEN priced.is_free = 1 THEN 0 ELSE priced.charged_quantity END AS DECIMAL(18,6)) AS charged_quantity,
  CASE
    WHEN priced.is_free = 1 THEN CAST(0 AS DECIMAL(38,14))
    ELSE LEAST(
      CAST(priced.maximum_per_event AS DECIMAL(38,14)), GREATEST(CAST(priced.minimum_per_event AS DECIMAL(38,14)), priced.fee)
    )
  END AS fee
FROM priced
