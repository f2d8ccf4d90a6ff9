/* Vintage × age: customers by the period of their first revenue, what they were then and what is left of them. */
WITH first_seen AS (
  SELECT
    entity_month.entity_id AS entity_id,
    MIN(entity_month.month) AS first_month
  FROM entity_month
  WHERE
    entity_month.amount > 0
  GROUP BY
    entity_month.entity_id
)
SELECT
  first_seen.first_month AS first_month,
  entity_month.month AS month,
  COUNT(CASE WHEN entity_month.amount > 0 THEN 1 END) AS active_customers,
  CAST(SUM(entity_month.amount) AS DECIMAL(18, 4)) AS amount
FROM entity_month
JOIN first_seen
  ON first_seen.entity_id = entity_month.entity_id
WHERE
  entity_month.month >= first_seen.first_month
GROUP BY
  first_seen.first_month,
  entity_month.month
