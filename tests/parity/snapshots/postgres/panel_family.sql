/* Who counts as the customer when accounts have parents or were merged: the entity of each account in each month. */
WITH grouped AS (
  SELECT
    scoped.account_id AS account_id,
    scoped.product_id AS product_id,
    scoped.currency AS currency,
    scoped.month AS month,
    CAST(SUM(scoped.native_amount) AS DECIMAL(18, 4)) AS native_amount,
    MAX(scoped.rate) AS rate,
    CAST(SUM(scoped.recurring_amount) AS DECIMAL(18, 4)) AS recurring_amount,
    CAST(SUM(scoped.usage_amount) AS DECIMAL(18, 4)) AS usage_amount,
    CAST(SUM(scoped.quantity) AS DECIMAL(18, 6)) AS quantity
  FROM scoped
  WHERE
    1 = 1 OR (
      scoped.month + 0
    ) % 3 = 2
  GROUP BY
    scoped.account_id,
    scoped.product_id,
    scoped.currency,
    scoped.month
)
SELECT
  COALESCE(here.entity_id, grouped.account_id) AS entity_id,
  COALESCE(later.entity_id, grouped.account_id) AS next_entity_id,
  grouped.account_id AS account_id,
  grouped.product_id AS product_id,
  '' AS contract_id,
  grouped.currency AS currency,
  grouped.month AS month,
  grouped.native_amount AS native_amount,
  grouped.rate AS rate,
  grouped.recurring_amount AS recurring_amount,
  grouped.usage_amount AS usage_amount,
  grouped.quantity AS quantity
FROM grouped
LEFT JOIN entity_span AS here
  ON here.account_id = grouped.account_id
  AND grouped.month >= here.from_month
  AND grouped.month < here.to_month
LEFT JOIN entity_span AS later
  ON later.account_id = grouped.account_id
  AND grouped.month + 1 >= later.from_month
  AND grouped.month + 1 < later.to_month
