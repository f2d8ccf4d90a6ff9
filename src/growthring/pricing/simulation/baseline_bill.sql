-- What the simulated accounts paid: bills, or contract revenue where a booking model is left behind.
SELECT
  before.account_id AS account_id,
  before.currency AS currency,
  CAST(YEAR(before.period_start) * 12 + MONTH(before.period_start) - 1 AS INTEGER) AS month,
  CAST(SUM(before.amount) AS DECIMAL(38,4)) AS amount
FROM before
JOIN simulated_account ON simulated_account.account_id = before.account_id
WHERE before.period_start >= $first_on AND before.period_start < $until_on
GROUP BY before.account_id, before.currency, YEAR(before.period_start) * 12 + MONTH(before.period_start)
