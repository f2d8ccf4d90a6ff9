/* Recurring revenue of each customer in each month, where every customer has one row a month. */
SELECT
  panel.entity_id AS entity_id,
  panel.month AS month,
  panel.recurring_amount AS amount
FROM panel
