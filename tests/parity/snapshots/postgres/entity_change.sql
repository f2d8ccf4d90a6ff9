/* What happened to a customer as a whole: joined, came back, stayed, left. Running totals of its changes, so no month is dense. */
WITH delta AS (
  SELECT
    entity_id,
    month,
    moment,
    after_amount - before_amount AS change_amount,
    line_change,
    CAST(0 AS DECIMAL(18, 4)) AS moved_amount,
    0 AS moved_lines
  FROM step
  UNION ALL
  SELECT
    entity_id,
    month,
    moment,
    CAST(0 AS DECIMAL(18, 4)) AS change_amount,
    0 AS line_change,
    before_amount AS moved_amount,
    1 AS moved_lines
  FROM step
  WHERE
    NOT moved_from_entity_id IS NULL
  UNION ALL
  SELECT
    moved_from_entity_id AS entity_id,
    month,
    moment,
    CAST(0 AS DECIMAL(18, 4)) AS change_amount,
    0 AS line_change,
    CAST(-before_amount AS DECIMAL(18, 4)) AS moved_amount,
    -1 AS moved_lines
  FROM step
  WHERE
    NOT moved_from_entity_id IS NULL
), summed AS (
  SELECT
    delta.entity_id AS entity_id,
    delta.month AS month,
    delta.moment AS moment,
    SUM(delta.change_amount) AS change_amount,
    SUM(delta.line_change) AS line_change,
    SUM(delta.moved_amount) AS moved_amount,
    SUM(delta.moved_lines) AS moved_lines
  FROM delta
  GROUP BY
    delta.entity_id,
    delta.month,
    delta.moment
), running AS (
  SELECT
    summed.entity_id AS entity_id,
    summed.month AS month,
    summed.moment AS moment,
    summed.change_amount AS change_amount,
    summed.line_change AS line_change,
    SUM(summed.change_amount + summed.moved_amount) OVER history AS after_amount,
    SUM(summed.line_change + summed.moved_lines) OVER history AS after_lines
  FROM summed
  WINDOW history AS (
    PARTITION BY summed.entity_id
    ORDER BY summed.month, summed.moment
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
), judged AS (
  SELECT
    running.entity_id AS entity_id,
    running.month AS month,
    running.moment AS moment,
    CASE
      WHEN running.after_lines - running.line_change > 0
      AND running.after_amount - running.change_amount >= 0
      THEN 1
      ELSE 0
    END AS was_active,
    CASE WHEN running.after_lines > 0 AND running.after_amount >= 0 THEN 1 ELSE 0 END AS is_active
  FROM running
), remembered AS (
  SELECT
    judged.entity_id AS entity_id,
    judged.month AS month,
    judged.moment AS moment,
    judged.was_active AS was_active,
    judged.is_active AS is_active,
    MAX(judged.is_active) OVER past AS was_ever_active,
    MAX(
      CASE
        WHEN judged.was_active = 1 AND judged.is_active = 0
        THEN CAST(judged.month AS BIGINT) * 100000 + judged.moment
      END
    ) OVER past AS lost_when
  FROM judged
  WINDOW past AS (
    PARTITION BY judged.entity_id
    ORDER BY judged.month, judged.moment
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  )
)
SELECT
  remembered.entity_id AS entity_id,
  remembered.month AS month,
  remembered.moment AS moment,
  CASE
    WHEN remembered.was_active = 1 AND remembered.is_active = 1
    THEN 'retained'
    WHEN remembered.was_active = 1
    THEN 'churn'
    WHEN remembered.is_active = 0
    THEN 'adjustment'
    WHEN COALESCE(remembered.was_ever_active, 0) = 0 OR 'always' = 'as_new'
    THEN 'new'
    WHEN 'always' = 'window'
    AND (
      back.first_day - lost.first_day
    ) + DIV(remembered.moment, 1000) - DIV((
      remembered.lost_when % 100000
    ), 1000) > 90
    THEN 'new'
    ELSE 'reactivation'
  END AS status
FROM remembered
LEFT JOIN month_spine AS lost
  ON lost.month = DIV(remembered.lost_when, 100000)
LEFT JOIN month_spine AS back
  ON back.month = remembered.month
