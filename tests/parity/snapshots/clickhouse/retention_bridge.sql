/* The lazy division of the ledger: whatever happened in the period over what stood at its start, accounts born inside it included. */
WITH either AS (
  SELECT
    evaluation.at_month AS at_month,
    evaluation.sub_month AS sub_month,
    entity_month.entity_id AS entity_id,
    entity_month.amount AS base_amount,
    entity_month.amount AS current_amount,
    entity_month.amount AS retained_amount
  FROM entity_month
  JOIN evaluation
    ON entity_month.month = evaluation.sub_month - 12
  UNION ALL
  SELECT
    evaluation.at_month AS at_month,
    evaluation.sub_month AS sub_month,
    movement.entity_id AS entity_id,
    CAST('0' AS Nullable(Decimal(18, 4))) AS base_amount,
    CASE
      WHEN movement.movement = 'reactivation' AND NOT FALSE
      THEN CAST('0' AS Nullable(Decimal(18, 4)))
      ELSE movement.movement_amount
    END AS current_amount,
    CASE
      WHEN movement.movement IN ('contraction', 'churn')
      THEN movement.movement_amount
      ELSE CAST('0' AS Nullable(Decimal(18, 4)))
    END AS retained_amount
  FROM movement
  JOIN evaluation
    ON movement.month > evaluation.sub_month - 12
    AND movement.month <= evaluation.sub_month
  WHERE
    movement.movement IN ('expansion', 'reactivation', 'contraction', 'churn')
)
SELECT
  either.at_month AS at_month,
  either.sub_month AS sub_month,
  either.entity_id AS entity_id,
  CAST(SUM(either.base_amount) AS Nullable(Decimal(18, 4))) AS base_amount,
  CAST(SUM(either.current_amount) AS Nullable(Decimal(18, 4))) AS current_amount,
  CAST(SUM(either.retained_amount) AS Nullable(Decimal(18, 4))) AS retained_amount
FROM either
GROUP BY
  either.at_month,
  either.sub_month,
  either.entity_id
