-- The identity in one figure a series: months weighed by numbers without a pattern, so that amounts agree in all months or in none.
-- A movement counts with the weights of its month and of all later ones, because what it changed stays changed.
WITH look AS (
  SELECT
    month_spine.month AS month,
    1 + (CAST(month_spine.month AS BIGINT) * month_spine.month % 999983 * 7919 + 104729) % 999983 AS weight
  FROM month_spine
  WHERE month_spine.month <= $last_month AND ($stride = 1 OR (month_spine.month + $quarter_shift) % 3 = 2)
),
weighed AS (
  SELECT
    look.month AS month,
    look.weight AS weight,
    CAST(SUM(look.weight) OVER (ORDER BY look.month DESC ROWS UNBOUNDED PRECEDING) AS BIGINT) AS later_weight
  FROM look
),
either AS (
  SELECT
    panel.entity_id AS entity_id,
    panel.account_id AS account_id,
    panel.product_id AS product_id,
    CAST(panel.recurring_amount AS DECIMAL(38,4)) * COALESCE(weighed.weight, 1) AS amount
  FROM panel
  LEFT JOIN weighed ON weighed.month = panel.month
  UNION ALL
  SELECT
    movement.entity_id AS entity_id,
    movement.account_id AS account_id,
    movement.product_id AS product_id,
    CAST(-movement.movement_amount AS DECIMAL(38,4)) * COALESCE(weighed.later_weight, 1) AS amount
  FROM movement
  LEFT JOIN weighed ON weighed.month = movement.month
)
SELECT
  either.entity_id AS entity_id,
  either.account_id AS account_id,
  either.product_id AS product_id
FROM either
GROUP BY either.entity_id, either.account_id, either.product_id
HAVING SUM(either.amount) <> 0
