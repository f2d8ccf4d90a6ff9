/* Recurring revenue of each customer at the end and at the start of the period. */
SELECT
  evaluation.at_month AS at_month,
  entity_month.entity_id AS entity_id,
  CAST(SUM(
    CASE
      WHEN entity_month.month = evaluation.at_month
      THEN entity_month.amount
      ELSE CAST(0 AS DECIMAL(18, 4))
    END
  ) AS DECIMAL(18, 4)) AS end_amount,
  CAST(SUM(
    CASE
      WHEN entity_month.month = evaluation.start_month
      THEN entity_month.amount
      ELSE CAST(0 AS DECIMAL(18, 4))
    END
  ) AS DECIMAL(18, 4)) AS start_amount,
  CAST(SUM(
    CASE
      WHEN entity_month.month = evaluation.year_ago_month
      THEN entity_month.amount
      ELSE CAST(0 AS DECIMAL(18, 4))
    END
  ) AS DECIMAL(18, 4)) AS year_ago_amount,
  MAX(
    CASE
      WHEN entity_month.month = evaluation.at_month AND entity_month.amount >= 0
      THEN 1
      ELSE 0
    END
  ) AS is_active,
  MAX(
    CASE
      WHEN entity_month.month = evaluation.start_month AND entity_month.amount >= 0
      THEN 1
      ELSE 0
    END
  ) AS was_active
FROM entity_month
JOIN evaluation
  ON entity_month.month = evaluation.at_month
  OR entity_month.month = evaluation.start_month
  OR entity_month.month = evaluation.year_ago_month
GROUP BY
  evaluation.at_month,
  entity_month.entity_id
