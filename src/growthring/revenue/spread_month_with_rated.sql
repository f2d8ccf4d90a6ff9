-- Everything that is spread over months: amounts of documents, and rated usage.
SELECT
  account_id, product_id, contract_id, currency, month, rate_on, amount, usage_amount, quantity, held
FROM spread_segment
UNION ALL
SELECT
  account_id, product_id, contract_id, currency, month, rate_on, amount, usage_amount, quantity, held
FROM rated_month
