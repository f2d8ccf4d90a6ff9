/* Everything that is spread over months: amounts of documents, and rated usage. Documents are summed first: Spark's optimizer */
/* fails on the plain union of two steps that were both joined to the months. */
SELECT
  segment.account_id AS account_id,
  segment.product_id AS product_id,
  segment.contract_id AS contract_id,
  segment.currency AS currency,
  segment.month AS month,
  segment.rate_on AS rate_on,
  CAST(SUM(segment.amount) AS DECIMAL(18, 4)) AS amount,
  CAST(SUM(segment.usage_amount) AS DECIMAL(18, 4)) AS usage_amount,
  CAST(SUM(segment.quantity) AS DECIMAL(18, 6)) AS quantity,
  MAX(segment.held) AS held
FROM spread_segment AS segment
GROUP BY
  segment.account_id,
  segment.product_id,
  segment.contract_id,
  segment.currency,
  segment.month,
  segment.rate_on
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
FROM rated_month
