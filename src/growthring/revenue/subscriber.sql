-- Joining and leaving of each customer in the period, beside whether it was there at the start.
SELECT
  flow.at_month AS at_month,
  flow.entity_id AS entity_id,
  MAX(CASE WHEN flow.movement = 'new' THEN 1 ELSE 0 END) AS joined,
  MAX(CASE WHEN flow.movement = 'churn' THEN 1 ELSE 0 END) AS churned,
  LEAST(MAX(CASE WHEN flow.movement = '' THEN 1 ELSE 0 END) + MAX(CASE WHEN flow.movement = 'new' THEN 1 ELSE 0 END), 1) AS exposed
FROM flow
GROUP BY flow.at_month, flow.entity_id
