/* Joining and leaving of each customer in the period, month by month, beside whether it was there at the start. */
WITH either AS (
  SELECT
    evaluation.at_month AS at_month,
    movement.entity_id AS entity_id,
    movement.month AS month,
    MAX(CASE WHEN movement.movement = 'new' THEN 1 ELSE 0 END) AS joined,
    MAX(CASE WHEN movement.movement = 'churn' THEN 1 ELSE 0 END) AS churned,
    0 AS was_active
  FROM movement
  JOIN evaluation
    ON movement.month > evaluation.start_month AND movement.month <= evaluation.at_month
  WHERE
    movement.movement IN ('new', 'churn')
  GROUP BY
    evaluation.at_month,
    movement.entity_id,
    movement.month
  UNION ALL
  SELECT
    evaluation.at_month AS at_month,
    entity_month.entity_id AS entity_id,
    entity_month.month AS month,
    0 AS joined,
    0 AS churned,
    1 AS was_active
  FROM entity_month
  JOIN evaluation
    ON entity_month.month = evaluation.start_month
  WHERE
    entity_month.amount >= 0
)
SELECT
  either.at_month AS at_month,
  either.entity_id AS entity_id,
  SUM(either.joined) AS joined,
  SUM(either.churned) AS churned,
  GREATEST(MAX(either.was_active), MAX(either.joined)) AS exposed
FROM either
GROUP BY
  either.at_month,
  either.entity_id
