-- Whether the data are simple: one product an account, one currency and contract in all, no quantities, nothing below zero.
WITH series AS (
  SELECT DISTINCT recurring.account_id AS account_id, recurring.product_id AS product_id
  FROM recurring
),
counted AS (
  SELECT COUNT(*) AS series, COUNT(DISTINCT series.account_id) AS accounts
  FROM series
),
range AS (
  SELECT
    COUNT(*) AS lines,
    MIN(recurring.recurring_amount) AS least_amount,
    MIN(recurring.rate) AS least_rate,
    MAX(recurring.rate) AS largest_rate,
    COUNT(recurring.quantity) AS quantities,
    MIN(recurring.contract_id) AS first_contract,
    MAX(recurring.contract_id) AS last_contract,
    MIN(recurring.currency) AS first_currency,
    MAX(recurring.currency) AS last_currency
  FROM recurring
)
SELECT
  range.lines > 0
  AND counted.series = counted.accounts
  AND range.least_amount >= 0
  AND range.least_rate = 1
  AND range.largest_rate = 1
  AND range.quantities = 0
  AND range.first_contract = range.last_contract
  AND range.first_currency = range.last_currency AS is_single
FROM counted
CROSS JOIN range
