/* The movement ledger where every customer has one product, contract and currency: no two changes have to be added up. */
SELECT
  noted.entity_id AS entity_id,
  noted.account_id AS account_id,
  noted.product_id AS product_id,
  noted.month AS month,
  noted.movement AS movement,
  noted.driver AS driver,
  noted.reason AS reason,
  CAST(noted.movement_amount AS DECIMAL(18, 4)) AS movement_amount
FROM noted_line AS noted
WHERE
  noted.movement_amount <> 0
