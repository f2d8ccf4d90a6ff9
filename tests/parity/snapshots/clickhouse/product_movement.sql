/* The movement ledger by each customer's product. */
SELECT
  movement.entity_id || ' · ' || movement.product_id AS entity_id,
  movement.account_id AS account_id,
  movement.product_id AS product_id,
  movement.month AS month,
  movement.movement AS movement,
  movement.driver AS driver,
  movement.reason AS reason,
  movement.movement_amount AS movement_amount
FROM movement
