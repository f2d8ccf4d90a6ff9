/* Recurring revenue of each customer's product in each month: each product of a customer counts as a customer of its own. */
SELECT
  panel.entity_id || ' · ' || panel.product_id AS entity_id,
  panel.month AS month,
  CAST(SUM(panel.recurring_amount) AS Nullable(Decimal(18, 4))) AS amount
FROM panel
GROUP BY
  panel.entity_id || ' · ' || panel.product_id,
  panel.month
