/* Each change with its kind and driver: what one product of a customer gains another may lose, and only the rest is growth or loss. */
WITH judged AS (
  SELECT
    step.entity_id AS entity_id,
    step.account_id AS account_id,
    step.product_id AS product_id,
    step.currency AS currency,
    step.month AS month,
    step.moment AS moment,
    entity_change.status AS status,
    CASE
      WHEN entity_change.status = 'retained'
      THEN step.fx_amount
      ELSE CAST(0 AS DECIMAL(18, 4))
    END AS fx_amount,
    step.after_amount - step.before_amount - CASE
      WHEN entity_change.status = 'retained'
      THEN step.fx_amount
      ELSE CAST(0 AS DECIMAL(18, 4))
    END AS rest_amount,
    step.before_amount AS before_amount,
    step.before_quantity AS before_quantity,
    step.after_quantity AS after_quantity,
    step.line_change AS line_change
  FROM step
  JOIN entity_change
    ON entity_change.entity_id = step.entity_id
    AND entity_change.month = step.month
    AND entity_change.moment = step.moment
), offset_total AS (
  SELECT
    judged.entity_id AS entity_id,
    judged.month AS month,
    judged.moment AS moment,
    LEAST(
      SUM(CASE WHEN judged.rest_amount > 0 THEN judged.rest_amount ELSE 0 END),
      SUM(CASE WHEN judged.rest_amount < 0 THEN -judged.rest_amount ELSE 0 END)
    ) AS matched_amount
  FROM judged
  WHERE
    judged.status = 'retained'
  GROUP BY
    judged.entity_id,
    judged.month,
    judged.moment
  HAVING
    MIN(judged.rest_amount) < 0 AND MAX(judged.rest_amount) > 0
), queued AS (
  SELECT
    judged.entity_id AS entity_id,
    judged.account_id AS account_id,
    judged.product_id AS product_id,
    judged.currency AS currency,
    judged.month AS month,
    judged.moment AS moment,
    judged.rest_amount AS rest_amount,
    offset_total.matched_amount AS matched_amount,
    SUM(ABS(judged.rest_amount)) OVER (
      PARTITION BY judged.entity_id, judged.month, judged.moment, CASE WHEN judged.rest_amount > 0 THEN 1 ELSE 0 END
      ORDER BY ABS(judged.line_change) DESC NULLS LAST, ABS(judged.rest_amount) DESC NULLS LAST, judged.account_id, judged.product_id, judged.currency
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS reached_amount
  FROM judged
  JOIN offset_total
    ON offset_total.entity_id = judged.entity_id
    AND offset_total.month = judged.month
    AND offset_total.moment = judged.moment
  WHERE
    judged.rest_amount <> 0
), transferred AS (
  SELECT
    queued.entity_id AS entity_id,
    queued.account_id AS account_id,
    queued.product_id AS product_id,
    queued.currency AS currency,
    queued.month AS month,
    queued.moment AS moment,
    CASE WHEN queued.rest_amount > 0 THEN 1 ELSE -1 END * LEAST(
      ABS(queued.rest_amount),
      GREATEST(queued.matched_amount - (
        queued.reached_amount - ABS(queued.rest_amount)
      ), 0)
    ) AS transfer_amount
  FROM queued
), weighed AS (
  SELECT
    judged.entity_id AS entity_id,
    judged.account_id AS account_id,
    judged.product_id AS product_id,
    judged.month AS month,
    judged.status AS status,
    judged.fx_amount AS fx_amount,
    COALESCE(transferred.transfer_amount, 0) AS transfer_amount,
    judged.rest_amount - COALESCE(transferred.transfer_amount, 0) AS kept_amount,
    judged.line_change AS line_change,
    product.quantity_kind AS quantity_kind,
    CASE
      WHEN judged.status = 'retained'
      AND judged.line_change = 0
      AND judged.before_quantity > 0
      AND judged.after_quantity > 0
      AND judged.rest_amount <> 0
      THEN CAST(CAST(CASE
        WHEN (
          CAST(judged.before_amount + judged.fx_amount AS DOUBLE PRECISION) * (
            CAST(judged.after_quantity AS DOUBLE PRECISION) - CAST(judged.before_quantity AS DOUBLE PRECISION)
          ) / CAST(judged.before_quantity AS DOUBLE PRECISION) * CAST(judged.rest_amount - COALESCE(transferred.transfer_amount, 0) AS DOUBLE PRECISION) / CAST(judged.rest_amount AS DOUBLE PRECISION)
        ) < 0
        THEN -1
        ELSE 1
      END * CAST(FLOOR(
        ABS(
          (
            CAST(judged.before_amount + judged.fx_amount AS DOUBLE PRECISION) * (
              CAST(judged.after_quantity AS DOUBLE PRECISION) - CAST(judged.before_quantity AS DOUBLE PRECISION)
            ) / CAST(judged.before_quantity AS DOUBLE PRECISION) * CAST(judged.rest_amount - COALESCE(transferred.transfer_amount, 0) AS DOUBLE PRECISION) / CAST(judged.rest_amount AS DOUBLE PRECISION)
          )
        ) * 10000 + CAST(0.5 AS DOUBLE PRECISION)
      ) AS BIGINT) AS DECIMAL(18, 0)) * CAST(0.0001 AS DECIMAL(5, 4)) AS DECIMAL(18, 4))
    END AS volume_amount
  FROM judged
  LEFT JOIN transferred
    ON transferred.entity_id = judged.entity_id
    AND transferred.account_id = judged.account_id
    AND transferred.product_id = judged.product_id
    AND transferred.currency = judged.currency
    AND transferred.month = judged.month
    AND transferred.moment = judged.moment
  LEFT JOIN product
    ON product.product_id = judged.product_id
)
SELECT
  entity_id,
  account_id,
  product_id,
  month,
  status AS movement,
  CASE WHEN status = 'adjustment' THEN 'negative_balance' ELSE '' END AS driver,
  kept_amount AS movement_amount
FROM weighed
WHERE
  status <> 'retained'
UNION ALL
SELECT
  entity_id,
  account_id,
  product_id,
  month,
  'fx' AS movement,
  'exchange_rate' AS driver,
  fx_amount AS movement_amount
FROM weighed
WHERE
  fx_amount <> 0
UNION ALL
SELECT
  entity_id,
  account_id,
  product_id,
  month,
  'transfer' AS movement,
  'product_migration' AS driver,
  transfer_amount AS movement_amount
FROM weighed
WHERE
  transfer_amount <> 0
UNION ALL
SELECT
  entity_id,
  account_id,
  product_id,
  month,
  CASE WHEN kept_amount > 0 THEN 'expansion' ELSE 'contraction' END AS movement,
  CASE
    WHEN NOT volume_amount IS NULL
    THEN 'price'
    WHEN line_change > 0 AND kept_amount > 0
    THEN 'cross_sell'
    WHEN line_change < 0 AND kept_amount < 0
    THEN 'product_drop'
    ELSE 'unsplit'
  END AS driver,
  kept_amount - COALESCE(volume_amount, 0) AS movement_amount
FROM weighed
WHERE
  status = 'retained' AND kept_amount <> 0
UNION ALL
SELECT
  entity_id,
  account_id,
  product_id,
  month,
  CASE WHEN kept_amount > 0 THEN 'expansion' ELSE 'contraction' END AS movement,
  CASE WHEN quantity_kind = 'seat' THEN 'seats' ELSE 'volume' END AS driver,
  volume_amount AS movement_amount
FROM weighed
WHERE
  status = 'retained' AND kept_amount <> 0 AND NOT volume_amount IS NULL
UNION ALL
SELECT
  entity_id,
  account_id,
  product_id,
  month,
  'transfer' AS movement,
  'account_move' AS driver,
  before_amount AS movement_amount
FROM step
WHERE
  NOT moved_from_entity_id IS NULL
UNION ALL
SELECT
  moved_from_entity_id AS entity_id,
  account_id,
  product_id,
  month,
  'transfer' AS movement,
  'account_move' AS driver,
  -before_amount AS movement_amount
FROM step
WHERE
  NOT moved_from_entity_id IS NULL
