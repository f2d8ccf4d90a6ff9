/* The identity in one figure a customer, where every customer has one product: what its months say and what the ledger adds up to. */
WITH either AS (
  SELECT
    entity_month.entity_id AS entity_id,
    CAST(entity_month.amount AS DECIMAL(38, 4)) * COALESCE(weighed.weight, 1) AS amount
  FROM entity_month
  LEFT JOIN ledger_weight AS weighed
    ON weighed.month = entity_month.month
  UNION ALL
  SELECT
    movement.entity_id AS entity_id,
    CAST(-movement.movement_amount AS DECIMAL(38, 4)) * COALESCE(weighed.later_weight, 1) AS amount
  FROM movement
  LEFT JOIN ledger_weight AS weighed
    ON weighed.month = movement.month
)
SELECT
  either.entity_id AS entity_id
FROM either
GROUP BY
  either.entity_id
HAVING
  SUM(either.amount) <> 0
