/* Each change where every customer has one product, in the reporting currency, without quantities, never below zero: its neighbours decide. */
WITH neighbour AS (
  SELECT
    panel.entity_id AS entity_id,
    panel.product_id AS product_id,
    panel.month AS month,
    panel.recurring_amount AS amount,
    LAG(panel.month) OVER series AS previous_month,
    LAG(panel.recurring_amount) OVER series AS previous_amount,
    LEAD(panel.month) OVER series AS following_month
  FROM panel
  WINDOW series AS (PARTITION BY panel.entity_id ORDER BY panel.month)
), changed AS (
  SELECT
    neighbour.entity_id AS entity_id,
    neighbour.product_id AS product_id,
    neighbour.month AS month,
    neighbour.amount AS amount,
    CASE
      WHEN neighbour.previous_month = neighbour.month - 1
      THEN neighbour.previous_amount
    END AS before_amount,
    CASE
      WHEN neighbour.previous_month IS NULL OR 'always' = 'as_new'
      THEN 'new'
      ELSE 'reactivation'
    END AS arrival,
    CASE
      WHEN (
        neighbour.following_month IS NULL
        OR neighbour.following_month <> neighbour.month + 1
      )
      AND neighbour.month + 1 <= 24293
      THEN 1
      ELSE 0
    END AS is_leaving
  FROM neighbour
  WHERE
    neighbour.previous_month IS NULL
    OR neighbour.previous_month <> neighbour.month - 1
    OR neighbour.previous_amount <> neighbour.amount
    OR neighbour.following_month IS NULL
    OR neighbour.following_month <> neighbour.month + 1
)
SELECT
  changed.entity_id AS entity_id,
  changed.entity_id AS account_id,
  changed.product_id AS product_id,
  changed.month AS month,
  CASE
    WHEN changed.before_amount IS NULL
    THEN changed.arrival
    WHEN changed.amount > changed.before_amount
    THEN 'expansion'
    ELSE 'contraction'
  END AS movement,
  CASE WHEN changed.before_amount IS NULL THEN '' ELSE 'unsplit' END AS driver,
  changed.amount - COALESCE(changed.before_amount, 0) AS movement_amount
FROM changed
UNION ALL
SELECT
  changed.entity_id AS entity_id,
  changed.entity_id AS account_id,
  changed.product_id AS product_id,
  changed.month + 1 AS month,
  'churn' AS movement,
  '' AS driver,
  -changed.amount AS movement_amount
FROM changed
WHERE
  changed.is_leaving = 1
