-- Invoices made when the total of use reaches a threshold: what was used since the last one.
WITH totalled AS (
  SELECT
    threshold_use.subscription_id AS subscription_id,
    threshold_use.place AS place,
    CAST(
      SUM(threshold_use.amount) OVER (
        PARTITION BY threshold_use.subscription_id ORDER BY threshold_use.place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS DECIMAL(38,6)
    ) AS total_amount
  FROM threshold_use
),
reached AS (
  SELECT
    totalled.subscription_id AS subscription_id,
    totalled.place AS place,
    totalled.total_amount AS total_amount,
    COUNT(threshold.level_amount) AS levels
  FROM totalled
  JOIN threshold ON threshold.subscription_id = totalled.subscription_id
  WHERE threshold.level_amount <= totalled.total_amount
  GROUP BY totalled.subscription_id, totalled.place, totalled.total_amount
),
crossed AS (
  SELECT
    reached.subscription_id AS subscription_id,
    reached.place AS place,
    reached.total_amount AS total_amount,
    reached.levels AS levels,
    COALESCE(
      MAX(reached.levels) OVER (
        PARTITION BY reached.subscription_id ORDER BY reached.place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ),
      0
    ) AS levels_before
  FROM reached
)
SELECT
  crossed.subscription_id AS subscription_id,
  crossed.place AS place,
  CAST(
    crossed.total_amount
    - COALESCE(LAG(crossed.total_amount) OVER (PARTITION BY crossed.subscription_id ORDER BY crossed.place), CAST(0 AS DECIMAL(38,6)))
    AS DECIMAL(18,4)
  ) AS invoice_amount
FROM crossed
WHERE crossed.levels > crossed.levels_before
