/* Months weighed by numbers without a pattern, so that sums over all months agree when amounts agree in every month. */
/* A movement counts with the weights of its month and of all later ones, because what it changed stays changed. */
WITH look AS (
  SELECT
    month_spine.month AS month,
    1 + (
      CAST(month_spine.month AS Nullable(Int64)) * month_spine.month % 999983 * 7919 + 104729
    ) % 999983 AS weight
  FROM month_spine
  WHERE
    month_spine.month <= 24293
    AND (
      1 = 1 OR (
        month_spine.month + 0
      ) % 3 = 2
    )
)
SELECT
  look.month AS month,
  look.weight AS weight,
  CAST(SUM(look.weight) OVER (ORDER BY look.month DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS Nullable(Int64)) AS later_weight
FROM look
