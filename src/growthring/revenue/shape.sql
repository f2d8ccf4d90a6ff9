-- Whether the data are simple: one product an account, one contract and currency in all, the reporting one, no quantities,
-- nothing below zero.
WITH series AS (
  SELECT DISTINCT recurring.account_id AS account_id, recurring.product_id AS product_id
  FROM recurring
),
terms AS (
  SELECT DISTINCT recurring.contract_id AS contract_id, recurring.currency AS currency
  FROM recurring
),
counted AS (
  SELECT COUNT(*) AS series, COUNT(DISTINCT series.account_id) AS accounts
  FROM series
),
agreed AS (
  SELECT COUNT(*) AS terms
  FROM terms
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
  agreed.terms = 1
  AND counted.series = counted.accounts
  AND range.least_amount >= 0
  AND range.least_rate = 1
  AND range.largest_rate = 1
  AND range.quantities = 0 AS is_single
FROM counted
CROSS JOIN agreed
CROSS JOIN range
