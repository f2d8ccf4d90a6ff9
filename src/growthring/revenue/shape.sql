-- What the data look like: facts that let the ledger leave out steps which would do nothing.
WITH account AS (
  SELECT
    recurring.account_id AS account_id,
    CASE
      WHEN MIN(recurring.product_id) = MAX(recurring.product_id)
        AND MIN(recurring.contract_id) = MAX(recurring.contract_id)
        AND MIN(recurring.currency) = MAX(recurring.currency) THEN 0
      ELSE 1
    END AS is_mixed,
    MIN(recurring.recurring_amount) AS least_amount,
    MAX(CASE WHEN recurring.rate <> 1 THEN 1 ELSE 0 END) AS is_foreign,
    COUNT(recurring.quantity) AS quantities
  FROM recurring
  GROUP BY recurring.account_id
)
SELECT
  COALESCE(MAX(account.is_mixed), 0) AS has_mixed,
  CASE WHEN MIN(account.least_amount) < 0 THEN 1 ELSE 0 END AS has_negative,
  COALESCE(MAX(account.is_foreign), 0) AS has_foreign,
  CASE WHEN SUM(account.quantities) > 0 THEN 1 ELSE 0 END AS has_quantities
FROM account
