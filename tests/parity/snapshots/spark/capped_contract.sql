/* Revenue by customer and contract: the grain at which gross retention is capped. */
SELECT
  COALESCE(entity_span.entity_id, scoped.account_id) AS entity_id,
  scoped.contract_id AS cap_key,
  scoped.month AS month,
  scoped.recurring_amount AS amount
FROM scoped
LEFT JOIN entity_span
  ON entity_span.account_id = scoped.account_id
  AND scoped.month >= entity_span.from_month
  AND scoped.month < entity_span.to_month
