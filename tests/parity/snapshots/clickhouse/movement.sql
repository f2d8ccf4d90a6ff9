/* The movement ledger: each change with its kind, its driver and what is known of its reason; start + movements = end. */
SELECT
  noted.entity_id AS entity_id,
  noted.account_id AS account_id,
  noted.product_id AS product_id,
  noted.month AS month,
  noted.movement AS movement,
  noted.driver AS driver,
  noted.reason AS reason,
  CAST(SUM(noted.movement_amount) AS Nullable(Decimal(18, 4))) AS movement_amount
FROM noted_line AS noted
WHERE
  noted.movement_amount <> 0
GROUP BY
  noted.entity_id,
  noted.account_id,
  noted.product_id,
  noted.month,
  noted.movement,
  noted.driver,
  noted.reason
