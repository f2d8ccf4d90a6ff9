/* The same customers over two windows of months: those of the earlier window, its revenue, and their revenue in the later one. */
WITH base AS (
  SELECT
    evaluation.at_month AS at_month,
    evaluation.sub_month AS sub_month,
    entity_month.entity_id AS entity_id,
    CAST(SUM(entity_month.amount) AS DECIMAL(18, 4)) AS base_amount,
    MIN(entity_month.month) AS first_month
  FROM entity_month
  JOIN evaluation
    ON entity_month.month >= evaluation.sub_month - 12 - 1 + 1
    AND entity_month.month <= evaluation.sub_month - 12
  GROUP BY
    evaluation.at_month,
    evaluation.sub_month,
    entity_month.entity_id
  HAVING
    SUM(entity_month.amount) > 0
    AND SUM(entity_month.amount) >= 0
    AND (
      NOT FALSE
      OR SUM(
        CASE
          WHEN entity_month.month = evaluation.sub_month - 12 - 1 + 1
          THEN entity_month.amount
          ELSE 0
        END
      ) > 0
    )
), latest AS (
  SELECT
    evaluation.sub_month AS sub_month,
    entity_month.entity_id AS entity_id,
    CAST(SUM(entity_month.amount) AS DECIMAL(18, 4)) AS current_amount
  FROM entity_month
  JOIN (
    SELECT DISTINCT
      sub_month
    FROM evaluation
  ) AS evaluation
    ON entity_month.month >= evaluation.sub_month - 1 + 1
    AND entity_month.month <= evaluation.sub_month
  GROUP BY
    evaluation.sub_month,
    entity_month.entity_id
), paired AS (
  SELECT
    base.at_month AS at_month,
    base.sub_month AS sub_month,
    base.entity_id AS entity_id,
    base.base_amount AS base_amount,
    COALESCE(latest.current_amount, CAST(0 AS DECIMAL(18, 4))) AS current_amount
  FROM base
  LEFT JOIN latest
    ON latest.entity_id = base.entity_id AND latest.sub_month = base.sub_month
)
SELECT
  paired.at_month AS at_month,
  paired.sub_month AS sub_month,
  paired.entity_id AS entity_id,
  paired.base_amount AS base_amount,
  paired.current_amount AS current_amount,
  LEAST(paired.current_amount, paired.base_amount) AS retained_amount
FROM paired
WHERE
  NOT FALSE OR (
    paired.current_amount > 0 AND paired.current_amount >= 0
  )
