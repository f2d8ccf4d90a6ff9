-- One segment of all timelines: open the grants, burn them in order, keep what is owed in the row without a grant.
WITH opened AS (
  SELECT
    timeline_opening.timeline_id AS timeline_id,
    timeline_opening.grant_id AS grant_id,
    timeline_opening.place AS place,
    CAST(
      CASE
        WHEN timeline_opening.opening = 'keep' THEN state_before.balance
        WHEN timeline_opening.opening = 'grant' THEN timeline_opening.granted
        WHEN timeline_opening.opening = 'recur' THEN timeline_opening.granted + LEAST(state_before.balance, timeline_opening.carry_max)
        WHEN timeline_opening.opening = 'reset'
          THEN LEAST(timeline_opening.rollover_max, GREATEST(timeline_opening.rollover_min, state_before.balance))
        ELSE CAST(0 AS DECIMAL(38,6))
      END AS DECIMAL(38,6)
    ) AS balance,
    CAST(
      CASE WHEN timeline_opening.opening = 'owe' THEN state_before.balance ELSE CAST(0 AS DECIMAL(38,6)) END
      + CASE
        WHEN timeline_opening.grant_id = '' THEN COALESCE(timeline_segment_use.used, CAST(0 AS DECIMAL(38,6)))
        ELSE CAST(0 AS DECIMAL(38,6))
      END AS DECIMAL(38,6)
    ) AS owed
  FROM timeline_opening
  JOIN state_before
    ON state_before.timeline_id = timeline_opening.timeline_id AND state_before.grant_id = timeline_opening.grant_id
  LEFT JOIN timeline_segment_use
    ON timeline_segment_use.timeline_id = timeline_opening.timeline_id AND timeline_segment_use.segment = timeline_opening.segment
  WHERE timeline_opening.segment = $segment
),
queued AS (
  SELECT
    opened.timeline_id AS timeline_id,
    opened.grant_id AS grant_id,
    opened.balance AS balance,
    CAST(SUM(opened.owed) OVER (PARTITION BY opened.timeline_id) AS DECIMAL(38,6)) AS owed,
    CAST(
      SUM(opened.balance) OVER (
        PARTITION BY opened.timeline_id ORDER BY opened.place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS DECIMAL(38,6)
    ) AS balance_through
  FROM opened
)
SELECT
  queued.timeline_id AS timeline_id,
  queued.grant_id AS grant_id,
  CAST(
    CASE
      WHEN queued.grant_id = '' THEN GREATEST(queued.owed - queued.balance_through, CAST(0 AS DECIMAL(38,6)))
      ELSE queued.balance
        - LEAST(
          queued.balance, GREATEST(queued.owed - queued.balance_through + queued.balance, CAST(0 AS DECIMAL(38,6)))
        )
    END AS DECIMAL(38,6)
  ) AS balance
FROM queued
UNION ALL
SELECT
  state_before.timeline_id AS timeline_id,
  state_before.grant_id AS grant_id,
  state_before.balance AS balance
FROM state_before
JOIN timeline_depth ON timeline_depth.timeline_id = state_before.timeline_id
WHERE timeline_depth.segments < $segment
