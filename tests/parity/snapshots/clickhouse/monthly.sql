/* Recurring revenue of a customer's product in a month, in the currency it is billed in. */
WITH either AS (
  SELECT
    account_id,
    product_id,
    contract_id,
    currency,
    month,
    rate_on,
    amount,
    usage_amount,
    quantity,
    held
  FROM rate_month
  UNION ALL
  SELECT
    account_id,
    product_id,
    contract_id,
    currency,
    month,
    rate_on,
    amount,
    usage_amount,
    quantity,
    held
  FROM spread_month
)
SELECT
  either.account_id AS account_id,
  either.product_id AS product_id,
  CASE WHEN FALSE THEN either.contract_id ELSE '' END AS contract_id,
  either.currency AS currency,
  either.month AS month,
  either.rate_on AS rate_on,
  CAST(SUM(either.amount) AS Nullable(Decimal(18, 4))) AS native_amount,
  CAST(SUM(either.usage_amount) AS Nullable(Decimal(18, 4))) AS usage_amount,
  CAST(SUM(either.quantity) AS Nullable(Decimal(18, 6))) AS quantity,
  MAX(either.held) AS held
FROM either
GROUP BY
  either.account_id,
  either.product_id,
  CASE WHEN FALSE THEN either.contract_id ELSE '' END,
  either.currency,
  either.month,
  either.rate_on
