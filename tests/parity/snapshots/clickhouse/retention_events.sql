/* Gross retention by attrition: only customers that left, and prices, seats or products that were given up, count as lost. */
WITH lost AS (
  SELECT
    evaluation.sub_month AS sub_month,
    movement.entity_id AS entity_id,
    SUM(movement.movement_amount) AS lost_amount
  FROM movement
  JOIN (
    SELECT DISTINCT
      sub_month
    FROM evaluation
  ) AS evaluation
    ON movement.month > evaluation.sub_month - 12
    AND movement.month <= evaluation.sub_month
  WHERE
    movement.movement = 'churn'
    OR (
      movement.movement = 'contraction'
      AND movement.driver IN ('price', 'seats', 'product_drop')
      AND movement.movement_amount < 0
    )
  GROUP BY
    evaluation.sub_month,
    movement.entity_id
)
SELECT
  retention_base.at_month AS at_month,
  retention_base.sub_month AS sub_month,
  retention_base.entity_id AS entity_id,
  retention_base.base_amount AS base_amount,
  retention_base.current_amount AS current_amount,
  CAST(GREATEST(retention_base.base_amount + COALESCE(lost.lost_amount, 0), 0) AS Nullable(Decimal(18, 4))) AS retained_amount
FROM retention_base
LEFT JOIN lost
  ON lost.entity_id = retention_base.entity_id
  AND lost.sub_month = retention_base.sub_month
