/* Recurring revenue without the customers and products that the policy leaves out. */
SELECT
  recurring.account_id AS account_id,
  recurring.product_id AS product_id,
  recurring.contract_id AS contract_id,
  recurring.currency AS currency,
  recurring.month AS month,
  recurring.native_amount AS native_amount,
  recurring.rate AS rate,
  recurring.recurring_amount AS recurring_amount,
  recurring.usage_amount AS usage_amount,
  recurring.quantity AS quantity
FROM recurring
WHERE
  NOT EXISTS(
    SELECT
      1 AS hit
    FROM excluded_account
    WHERE
      excluded_account.account_id = recurring.account_id
  )
  AND NOT EXISTS(
    SELECT
      1 AS hit
    FROM excluded_product
    WHERE
      excluded_product.product_id = recurring.product_id
  )
