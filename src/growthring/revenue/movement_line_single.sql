-- Each change where every customer has one product, contract and currency and is never below zero: its neighbours decide alone.
WITH neighbour AS (
  SELECT
    panel.entity_id AS entity_id,
    panel.account_id AS account_id,
    panel.product_id AS product_id,
    panel.month AS month,
    panel.recurring_amount AS amount,
    panel.native_amount AS native_amount,
    panel.rate AS rate,
    panel.quantity AS quantity,
    LAG(panel.month) OVER series AS previous_month,
    LAG(panel.recurring_amount) OVER series AS previous_amount,
    CASE WHEN $has_foreign THEN LAG(panel.native_amount) OVER series END AS previous_native_amount,
    CASE WHEN $has_quantities THEN LAG(panel.quantity) OVER series END AS previous_quantity,
    LEAD(panel.month) OVER series AS following_month
  FROM panel
  WINDOW series AS (PARTITION BY panel.entity_id ORDER BY panel.month)
),
changed AS (
  SELECT
    neighbour.entity_id AS entity_id,
    neighbour.account_id AS account_id,
    neighbour.product_id AS product_id,
    neighbour.month AS month,
    neighbour.amount AS amount,
    neighbour.previous_amount AS previous_amount,
    CASE
      WHEN neighbour.previous_month IS NULL OR (neighbour.previous_month <> neighbour.month - $stride AND $reactivation = 'as_new') THEN 'new'
      WHEN neighbour.previous_month <> neighbour.month - $stride THEN 'reactivation'
      ELSE 'retained'
    END AS status,
    CASE
      WHEN (neighbour.following_month IS NULL OR neighbour.following_month <> neighbour.month + $stride)
        AND neighbour.month + $stride <= $last_month THEN 1
      ELSE 0
    END AS is_leaving,
    CASE
      WHEN $has_foreign
        AND neighbour.previous_month = neighbour.month - $stride
        AND (
          $fx = 'floating'
          OR (
            $fx = 'event'
            AND ROUND(CAST(CAST(neighbour.native_amount AS DECIMAL(38,4)) * neighbour.rate AS DECIMAL(38,12)), 4) = neighbour.amount
          )
        )
        THEN CAST(
          ROUND(CAST(CAST(neighbour.previous_native_amount AS DECIMAL(38,4)) * neighbour.rate AS DECIMAL(38,12)), 4)
          - neighbour.previous_amount AS DECIMAL(18,4)
        )
      ELSE CAST(0 AS DECIMAL(18,4))
    END AS fx_amount,
    CASE WHEN $has_quantities THEN neighbour.previous_quantity END AS before_quantity,
    CASE WHEN $has_quantities THEN neighbour.quantity END AS after_quantity
  FROM neighbour
  WHERE neighbour.previous_month IS NULL
    OR neighbour.previous_month <> neighbour.month - $stride
    OR neighbour.previous_amount <> neighbour.amount
    OR neighbour.following_month IS NULL
    OR neighbour.following_month <> neighbour.month + $stride
),
stayed AS (
  SELECT
    changed.entity_id AS entity_id,
    changed.account_id AS account_id,
    changed.product_id AS product_id,
    changed.month AS month,
    changed.fx_amount AS fx_amount,
    changed.amount - changed.previous_amount - changed.fx_amount AS kept_amount,
    product.quantity_kind AS quantity_kind,
    CASE
      WHEN changed.before_quantity > 0 AND changed.after_quantity > 0
        THEN CAST(
          ROUND(
            CAST(changed.previous_amount + changed.fx_amount AS DOUBLE)
            * (CAST(changed.after_quantity AS DOUBLE) - CAST(changed.before_quantity AS DOUBLE))
            / CAST(changed.before_quantity AS DOUBLE),
            4
          ) AS DECIMAL(18,4)
        )
    END AS volume_amount
  FROM changed
  LEFT JOIN product ON product.product_id = changed.product_id
  WHERE changed.status = 'retained' AND changed.amount <> changed.previous_amount
)
SELECT
  entity_id, account_id, product_id, month, status AS movement, '' AS driver, amount AS movement_amount
FROM changed
WHERE status <> 'retained'
UNION ALL
SELECT
  entity_id, account_id, product_id, month + $stride AS month, 'churn' AS movement, '' AS driver, -amount AS movement_amount
FROM changed
WHERE is_leaving = 1
UNION ALL
SELECT
  entity_id, account_id, product_id, month, 'fx' AS movement, 'exchange_rate' AS driver, fx_amount AS movement_amount
FROM stayed
WHERE fx_amount <> 0
UNION ALL
SELECT
  entity_id, account_id, product_id, month,
  CASE WHEN kept_amount > 0 THEN 'expansion' ELSE 'contraction' END AS movement,
  CASE WHEN volume_amount IS NOT NULL THEN 'price' ELSE 'unsplit' END AS driver,
  kept_amount - COALESCE(volume_amount, 0) AS movement_amount
FROM stayed
WHERE kept_amount <> 0
UNION ALL
SELECT
  entity_id, account_id, product_id, month,
  CASE WHEN kept_amount > 0 THEN 'expansion' ELSE 'contraction' END AS movement,
  CASE WHEN quantity_kind = 'seat' THEN 'seats' ELSE 'volume' END AS driver,
  volume_amount AS movement_amount
FROM stayed
WHERE kept_amount <> 0 AND volume_amount IS NOT NULL
