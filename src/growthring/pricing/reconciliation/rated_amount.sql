-- What price books ask for by subscription and period: rated use, fees if asked for, and what adjusts a bill of nothing else.
WITH counted AS (
  SELECT
    rated_line.subscription_id AS subscription_id,
    rated_line.period_start AS period_start,
    COUNT(*) AS rated_lines,
    CAST(SUM(rated_line.amount) AS DECIMAL(38,4)) AS amount
  FROM rated_line
  JOIN book_version ON book_version.book = rated_line.book
  JOIN component
    ON component.version_no = book_version.version_no
    AND component.version = rated_line.version
    AND component.component_id = rated_line.component_id
    AND component.currency = rated_line.currency
  WHERE $with_fees OR component.kind <> 'fee'
  GROUP BY rated_line.subscription_id, rated_line.period_start
)
SELECT
  bill.account_id AS account_id,
  bill.period_start AS period_start,
  bill.period_end AS period_end,
  bill.currency AS currency,
  CAST(COALESCE(counted.rated_lines, 0) AS BIGINT) AS rated_lines,
  CAST(
    COALESCE(counted.amount, 0)
    + CASE WHEN bill.subtotal_amount = COALESCE(counted.amount, 0) THEN bill.adjustment_amount ELSE 0 END
    AS DECIMAL(38,4)
  ) AS amount
FROM bill
LEFT JOIN counted ON counted.subscription_id = bill.subscription_id AND counted.period_start = bill.period_start
WHERE counted.rated_lines IS NOT NULL
  OR (bill.adjustment_amount <> 0 AND bill.subtotal_amount = 0)
