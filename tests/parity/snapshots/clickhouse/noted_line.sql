/* Each change with what people and contracts say about it. */
SELECT
  line.entity_id AS entity_id,
  line.account_id AS account_id,
  line.product_id AS product_id,
  line.month AS month,
  line.movement AS movement,
  line.driver AS driver,
  CASE
    WHEN line.movement = 'contraction' AND NOT (
      advice.account_id IS NULL
    )
    THEN 'advised_saving'
    WHEN line.movement = 'churn' AND NOT (
      unwilling.account_id IS NULL
    )
    THEN 'involuntary'
    WHEN line.movement IN ('expansion', 'contraction')
    AND NOT (
      renewal.account_id IS NULL
    )
    THEN 'at_renewal'
    ELSE ''
  END AS reason,
  line.movement_amount AS movement_amount
FROM movement_line AS line
LEFT JOIN renewal_month AS renewal
  ON renewal.account_id = line.account_id AND renewal.month = line.month
LEFT JOIN involuntary_month AS unwilling
  ON unwilling.account_id = line.account_id AND unwilling.month = line.month
LEFT JOIN advised_month AS advice
  ON advice.account_id = line.account_id AND advice.month = line.month
