/* Whether the data are simple: each account has one product, contract and currency; no other currency than the reporting one, */
/* no quantities, nothing below zero. */
WITH series AS (
  SELECT DISTINCT
    recurring.account_id AS account_id,
    recurring.product_id AS product_id,
    recurring.contract_id AS contract_id,
    recurring.currency AS currency
  FROM recurring
), counted AS (
  SELECT
    COUNT(*) AS series,
    COUNT(DISTINCT series.account_id) AS accounts
  FROM series
), range AS (
  SELECT
    COUNT(*) AS lines,
    MIN(recurring.recurring_amount) AS least_amount,
    MIN(recurring.rate) AS least_rate,
    MAX(recurring.rate) AS largest_rate,
    COUNT(recurring.quantity) AS quantities
  FROM recurring
)
SELECT
  range.lines > 0
  AND counted.series = counted.accounts
  AND range.least_amount >= 0
  AND range.least_rate = 1
  AND range.largest_rate = 1
  AND range.quantities = 0 AS is_single
FROM counted
CROSS JOIN range
