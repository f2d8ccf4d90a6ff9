-- Units of each meter that an account consumed in a month for which it was billed nothing.
WITH free_month AS (
  SELECT
    served_month.account_id AS account_id,
    served_month.month AS month,
    MAX(served_month.amount) AS amount
  FROM served_month
  GROUP BY served_month.account_id, served_month.month
),
used AS (
  SELECT
    metered.meter AS meter,
    metered.account_id AS account_id,
    CAST(YEAR(metered.period_start) * 12 + MONTH(metered.period_start) - 1 AS INTEGER) AS month,
    metered.quantity AS quantity
  FROM metered
)
SELECT
  used.meter AS meter,
  used.account_id AS account_id,
  used.month AS month,
  CAST(SUM(used.quantity) AS DECIMAL(38,6)) AS quantity
FROM used
JOIN unit_cost ON unit_cost.meter = used.meter
JOIN free_month ON free_month.account_id = used.account_id AND free_month.month = used.month
WHERE free_month.amount = 0
GROUP BY used.meter, used.account_id, used.month
