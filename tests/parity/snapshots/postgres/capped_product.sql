/* Revenue by customer and product: the grain at which gross retention is capped. */
SELECT
  panel.entity_id AS entity_id,
  panel.product_id AS cap_key,
  panel.month AS month,
  panel.recurring_amount AS amount
FROM panel
