-- The months in which an account was billed, or would be: the grain at which prices are compared.
WITH known AS (
  SELECT simulated_period.account_id AS account_id, simulated_period.currency AS currency, simulated_period.month AS month
  FROM simulated_period
  UNION
  SELECT baseline_bill.account_id AS account_id, baseline_bill.currency AS currency, baseline_bill.month AS month
  FROM baseline_bill
)
SELECT
  known.account_id AS account_id,
  known.currency AS currency,
  known.month AS month,
  CAST(ROW_NUMBER() OVER (ORDER BY known.account_id, known.currency, known.month) - 1 AS BIGINT) AS cell_no
FROM known
