-- The identity: what the panel says of a month and what the ledger adds up to differ by nothing, for each entity and product.
WITH either AS (
  SELECT entity_id, account_id, product_id, month, recurring_amount AS now_amount, CAST(0 AS DECIMAL(18,4)) AS before_amount, CAST(0 AS DECIMAL(18,4)) AS moved_amount
  FROM panel
  UNION ALL
  SELECT entity_id, account_id, product_id, month + $stride AS month, CAST(0 AS DECIMAL(18,4)) AS now_amount, recurring_amount AS before_amount, CAST(0 AS DECIMAL(18,4)) AS moved_amount
  FROM panel
  WHERE month + $stride <= $last_month
  UNION ALL
  SELECT entity_id, account_id, product_id, month, CAST(0 AS DECIMAL(18,4)) AS now_amount, CAST(0 AS DECIMAL(18,4)) AS before_amount, movement_amount AS moved_amount
  FROM movement
)
SELECT
  either.entity_id AS entity_id,
  either.account_id AS account_id,
  either.product_id AS product_id,
  either.month AS month,
  SUM(either.before_amount) AS start_amount,
  SUM(either.moved_amount) AS moved_amount,
  SUM(either.now_amount) AS end_amount
FROM either
GROUP BY either.entity_id, either.account_id, either.product_id, either.month
HAVING SUM(either.before_amount) + SUM(either.moved_amount) <> SUM(either.now_amount)
