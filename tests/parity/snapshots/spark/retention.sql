/* Retention of each customer of the base; a customer that left and came back counts as lost when the policy says so. */
SELECT
  retention_capped.at_month AS at_month,
  retention_capped.sub_month AS sub_month,
  retention_capped.entity_id AS entity_id,
  retention_capped.base_amount AS base_amount,
  CASE
    WHEN gone.hits > 0
    THEN CAST(0 AS DECIMAL(18, 4))
    ELSE retention_capped.current_amount
  END AS current_amount,
  CASE
    WHEN gone.hits > 0
    THEN CAST(0 AS DECIMAL(18, 4))
    ELSE retention_capped.retained_amount
  END AS retained_amount
FROM retention_capped
LEFT JOIN (
  SELECT
    evaluation.sub_month AS sub_month,
    returned.entity_id AS entity_id,
    COUNT(returned.month) AS hits
  FROM returned
  JOIN (
    SELECT DISTINCT
      sub_month
    FROM evaluation
  ) AS evaluation
    ON returned.month > evaluation.sub_month - 12
    AND returned.month <= evaluation.sub_month
  GROUP BY
    evaluation.sub_month,
    returned.entity_id
) AS gone
  ON gone.entity_id = retention_capped.entity_id
  AND gone.sub_month = retention_capped.sub_month
