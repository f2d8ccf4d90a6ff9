/* Recurring revenue of each customer in each month. */
SELECT
  panel.entity_id AS entity_id,
  panel.month AS month,
  CAST(SUM(panel.recurring_amount) AS DECIMAL(18, 4)) AS amount
FROM panel
GROUP BY
  panel.entity_id,
  panel.month
