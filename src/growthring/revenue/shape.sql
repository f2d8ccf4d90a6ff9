-- What the data look like: facts that let the ledger leave out steps which would do nothing.
WITH series AS (
  SELECT DISTINCT recurring.account_id AS account_id, recurring.product_id AS product_id, recurring.contract_id AS contract_id, recurring.currency AS currency
  FROM recurring
),
counted AS (
  SELECT COUNT(*) AS series, COUNT(DISTINCT series.account_id) AS accounts
  FROM series
),
range AS (
  SELECT
    MIN(recurring.recurring_amount) AS least_amount,
    MIN(recurring.rate) AS least_rate,
    MAX(recurring.rate) AS largest_rate,
    COUNT(recurring.quantity) AS quantities
  FROM recurring
)
SELECT
  counted.series = counted.accounts
  AND COALESCE(range.least_amount >= 0, TRUE)
  AND COALESCE(range.least_rate = 1 AND range.largest_rate = 1, TRUE)
  AND range.quantities = 0 AS is_single
FROM counted
CROSS JOIN range
