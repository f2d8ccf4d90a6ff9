/* Every stretch of revenue, from invoices, from contracts and from fees of price books, as far as the policy reads them. */
SELECT
  account_id,
  product_id,
  contract_id,
  line_id,
  kind,
  treatment,
  currency,
  starts_on,
  ends_on,
  period_end,
  billing_interval,
  interval_count,
  amount,
  quantity,
  paused_from,
  paused_to,
  known_at
FROM invoice_segment
UNION ALL
SELECT
  account_id,
  product_id,
  contract_id,
  line_id,
  kind,
  treatment,
  currency,
  starts_on,
  ends_on,
  period_end,
  billing_interval,
  interval_count,
  amount,
  quantity,
  paused_from,
  paused_to,
  known_at
FROM contract_segment
UNION ALL
SELECT
  account_id,
  product_id,
  contract_id,
  line_id,
  kind,
  treatment,
  currency,
  starts_on,
  ends_on,
  period_end,
  billing_interval,
  interval_count,
  amount,
  quantity,
  paused_from,
  paused_to,
  known_at
FROM rated_fee
