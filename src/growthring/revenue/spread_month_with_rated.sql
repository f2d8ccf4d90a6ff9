-- Everything that is spread over months: rated usage, and amounts of documents.
SELECT
  account_id, product_id, contract_id, currency, month, rate_on, amount, usage_amount, quantity, held
FROM rated_month
UNION ALL
SELECT
  account_id, product_id, contract_id, currency, month, rate_on, amount, usage_amount, quantity, held
FROM spread_segment
