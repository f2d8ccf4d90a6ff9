/* Movements of each customer inside the period, beside what it had at the start. */
WITH either AS (
  SELECT
    evaluation.at_month AS at_month,
    movement.entity_id AS entity_id,
    movement.movement AS movement,
    movement.driver AS driver,
    movement.reason AS reason,
    movement.movement_amount AS movement_amount,
    CAST(0 AS DECIMAL(18, 4)) AS start_amount
  FROM movement
  JOIN evaluation
    ON movement.month > evaluation.start_month AND movement.month <= evaluation.at_month
  UNION ALL
  SELECT
    evaluation.at_month AS at_month,
    entity_month.entity_id AS entity_id,
    '' AS movement,
    '' AS driver,
    '' AS reason,
    CAST(0 AS DECIMAL(18, 4)) AS movement_amount,
    entity_month.amount AS start_amount
  FROM entity_month
  JOIN evaluation
    ON entity_month.month = evaluation.start_month
)
SELECT
  either.at_month AS at_month,
  either.entity_id AS entity_id,
  either.movement AS movement,
  either.driver AS driver,
  either.reason AS reason,
  CAST(SUM(either.movement_amount) AS DECIMAL(18, 4)) AS movement_amount,
  CAST(SUM(either.start_amount) AS DECIMAL(18, 4)) AS start_amount
FROM either
GROUP BY
  either.at_month,
  either.entity_id,
  either.movement,
  either.driver,
  either.reason
