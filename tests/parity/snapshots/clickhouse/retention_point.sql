/* The same customers then and now: everyone with revenue at the base date, whatever became of them since. */
WITH base AS (
  SELECT
    entity_month.entity_id AS entity_id,
    entity_month.month + 12 AS sub_month,
    entity_month.amount AS base_amount
  FROM entity_month
  WHERE
    entity_month.amount > 0 AND entity_month.amount >= 0
), paired AS (
  SELECT
    evaluation.at_month AS at_month,
    evaluation.sub_month AS sub_month,
    base.entity_id AS entity_id,
    base.base_amount AS base_amount,
    COALESCE(latest.amount, CAST('0' AS Nullable(Decimal(18, 4)))) AS current_amount
  FROM base
  JOIN evaluation
    ON evaluation.sub_month = base.sub_month
  LEFT JOIN entity_month AS latest
    ON latest.entity_id = base.entity_id AND latest.month = base.sub_month
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
