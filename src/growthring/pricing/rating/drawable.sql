-- What commitments and credits may pay for: rated lines by component, and what the whole bill adds to them.
SELECT
  rated_line.account_id AS account_id,
  rated_line.subscription_id AS subscription_id,
  rated_line.period_start AS period_start,
  rated_line.period_end AS period_end,
  rated_line.component_id AS component_id,
  CASE WHEN component.kind = 'fee' THEN 'fee' ELSE 'usage' END AS component_kind,
  component.meter AS meter,
  CAST(SUM(rated_line.quantity) AS DECIMAL(18,6)) AS quantity,
  CAST(SUM(rated_line.amount) AS DECIMAL(18,4)) AS amount,
  rated_line.currency AS currency
FROM rated_line
JOIN book_version ON book_version.book = rated_line.book
JOIN component
  ON component.version_no = book_version.version_no
  AND component.version = rated_line.version
  AND component.component_id = rated_line.component_id
  AND component.currency = rated_line.currency
GROUP BY
  rated_line.account_id,
  rated_line.subscription_id,
  rated_line.period_start,
  rated_line.period_end,
  rated_line.component_id,
  component.kind,
  component.meter,
  rated_line.currency
UNION ALL
SELECT
  bill.account_id AS account_id,
  bill.subscription_id AS subscription_id,
  bill.period_start AS period_start,
  bill.period_end AS period_end,
  '(whole bill)' AS component_id,
  'fee' AS component_kind,
  '' AS meter,
  CAST(1 AS DECIMAL(18,6)) AS quantity,
  bill.adjustment_amount AS amount,
  bill.currency AS currency
FROM bill
WHERE bill.adjustment_amount <> 0
