/* The identity in one figure a series: what the panel says and what the ledger adds up to, months weighed. */
WITH either AS (
  SELECT
    panel.entity_id AS entity_id,
    panel.account_id AS account_id,
    panel.product_id AS product_id,
    CAST(panel.recurring_amount AS DECIMAL(38, 4)) * COALESCE(weighed.weight, 1) AS amount
  FROM panel
  LEFT JOIN ledger_weight AS weighed
    ON weighed.month = panel.month
  UNION ALL
  SELECT
    movement.entity_id AS entity_id,
    movement.account_id AS account_id,
    movement.product_id AS product_id,
    CAST(-movement.movement_amount AS DECIMAL(38, 4)) * COALESCE(weighed.later_weight, 1) AS amount
  FROM movement
  LEFT JOIN ledger_weight AS weighed
    ON weighed.month = movement.month
)
SELECT
  either.entity_id AS entity_id,
  either.account_id AS account_id,
  either.product_id AS product_id
FROM either
GROUP BY
  either.entity_id,
  either.account_id,
  either.product_id
HAVING
  SUM(either.amount) <> 0
