/* Gross retention where growth of one product (or contract) may not make up for the loss of another. */
WITH capped_month AS (
  SELECT
    capped_panel.entity_id AS entity_id,
    capped_panel.cap_key AS cap_key,
    capped_panel.month AS month,
    CAST(SUM(capped_panel.amount) AS DECIMAL(18, 4)) AS amount
  FROM capped_panel
  GROUP BY
    capped_panel.entity_id,
    capped_panel.cap_key,
    capped_panel.month
)
SELECT
  retention_base.at_month AS at_month,
  retention_base.sub_month AS sub_month,
  retention_base.entity_id AS entity_id,
  MAX(retention_base.base_amount) AS base_amount,
  MAX(retention_base.current_amount) AS current_amount,
  CAST(LEAST(
    SUM(
      LEAST(
        COALESCE(latest.amount, CAST(0 AS DECIMAL(18, 4))),
        COALESCE(base.amount, CAST(0 AS DECIMAL(18, 4)))
      )
    ),
    MAX(retention_base.current_amount)
  ) AS DECIMAL(18, 4)) AS retained_amount
FROM retention_base
LEFT JOIN capped_month AS base
  ON base.entity_id = retention_base.entity_id
  AND base.month = retention_base.sub_month - 12
LEFT JOIN capped_month AS latest
  ON latest.entity_id = base.entity_id
  AND latest.cap_key = base.cap_key
  AND latest.month = retention_base.sub_month
GROUP BY
  retention_base.at_month,
  retention_base.sub_month,
  retention_base.entity_id
