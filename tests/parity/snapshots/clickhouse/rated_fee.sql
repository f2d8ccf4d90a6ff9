/* Fees of price books as stretches that run at a price, for fees that no other document states. */
SELECT
  share.account_id AS account_id,
  share.product_id AS product_id,
  share.contract_id AS contract_id,
  share.subscription_id || ' ' || share.product_id || ' ' || CAST(share.period_start AS Nullable(String)) AS line_id,
  'recurring' AS kind,
  CASE
    WHEN 'live' = 'billed'
    THEN 'invoiced'
    WHEN 'live' = 'recognised'
    THEN 'spread'
    ELSE 'rate'
  END AS treatment,
  share.currency AS currency,
  share.period_start AS starts_on,
  CASE WHEN 'live' = 'billed' THEN share.period_start ELSE share.period_end END AS ends_on,
  share.period_end AS period_end,
  '' AS billing_interval,
  0 AS interval_count,
  share.amount AS amount,
  CAST(NULL AS Nullable(Decimal(18, 6))) AS quantity,
  CAST(NULL AS Nullable(Date32)) AS paused_from,
  CAST(NULL AS Nullable(Date32)) AS paused_to,
  CAST(CAST('1970-01-01' AS Nullable(Date32)) AS Nullable(DateTime64(6))) AS known_at
FROM rated_share AS share
WHERE
  share.is_fee = 1 AND 'invoices' = 'rated_with_fees'
