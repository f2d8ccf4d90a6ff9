-- Invoiced revenue by month and by what it is for: subscriptions, seats, usage, one-off.
WITH typed AS (
  SELECT
    CAST(YEAR(invoice_line.issued_on) * 12 + MONTH(invoice_line.issued_on) - 1 AS INTEGER) AS month,
    invoice_line.currency AS currency,
    CASE
      WHEN invoice_line.kind = 'recurring' AND product.quantity_kind = 'seat' THEN 'seats'
      WHEN invoice_line.kind = 'usage' OR (invoice_line.kind = 'recurring' AND product.quantity_kind = 'usage') THEN 'usage'
      WHEN invoice_line.kind = 'recurring' THEN 'subscription'
      WHEN invoice_line.kind = 'one_off' THEN 'one_off'
      ELSE 'other'
    END AS revenue_type,
    invoice_line.account_id AS account_id,
    invoice_line.amount AS amount
  FROM invoice_line
  LEFT JOIN product ON product.product_id = invoice_line.product_id
  WHERE invoice_line.kind <> 'tax' AND invoice_line.known_at <= $as_of AND invoice_line.issued_on <= $through
)
SELECT
  typed.month AS month,
  typed.currency AS currency,
  typed.revenue_type AS revenue_type,
  COUNT(DISTINCT typed.account_id) AS accounts,
  CAST(SUM(typed.amount) AS DECIMAL(18,4)) AS amount
FROM typed
GROUP BY typed.month, typed.currency, typed.revenue_type
