-- What the bills of a month asked for and what serving its usage cost; a month billed at nothing is one of the free tier.
WITH served AS (
  SELECT
    metered.subscription_id AS subscription_id,
    metered.period_start AS period_start,
    SUM(
      CAST(CAST(metered.quantity AS DECIMAL(38,6)) * CAST(unit_cost.unit_price AS DECIMAL(18,8)) AS DECIMAL(38,14))
    ) AS cost_amount
  FROM metered
  JOIN unit_cost ON unit_cost.meter = metered.meter
  GROUP BY metered.subscription_id, metered.period_start
),
billed AS (
  SELECT
    bill.account_id AS account_id,
    bill.currency AS currency,
    CAST(YEAR(bill.period_start) * 12 + MONTH(bill.period_start) - 1 AS INTEGER) AS month,
    bill.amount AS billed_amount,
    COALESCE(served.cost_amount, CAST(0 AS DECIMAL(38,14))) AS served_amount
  FROM bill
  LEFT JOIN served ON served.subscription_id = bill.subscription_id AND served.period_start = bill.period_start
)
SELECT
  billed.account_id AS account_id,
  billed.currency AS currency,
  billed.month AS month,
  CAST(SUM(billed.billed_amount) AS DECIMAL(18,4)) AS amount,
  CAST(SUM(billed.served_amount) AS DECIMAL(38,14)) AS cost_amount
FROM billed
GROUP BY billed.account_id, billed.currency, billed.month
