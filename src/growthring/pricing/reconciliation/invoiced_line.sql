-- Invoice lines that bill what price books rate, each in the billing period it belongs to: the one that holds the first day of its
-- service, else the last one that had ended when it was issued; a line of an account without periods has its service or the month
-- before its issue.
WITH line AS (
  SELECT
    invoice_line.invoice_line_id AS invoice_line_id,
    invoice_line.account_id AS account_id,
    invoice_line.contract_id AS contract_id,
    invoice_line.currency AS currency,
    invoice_line.issued_on AS issued_on,
    invoice_line.period_start AS period_start,
    invoice_line.period_end AS period_end,
    invoice_line.quantity AS quantity,
    invoice_line.amount AS amount
  FROM invoice_line
  WHERE invoice_line.known_at <= $as_of
    AND (invoice_line.kind = 'usage' OR ($with_fees AND invoice_line.kind = 'recurring'))
),
placed AS (
  SELECT
    line.invoice_line_id AS invoice_line_id,
    COALESCE(
      MAX(CASE WHEN account_period.subscription_id = line.contract_id THEN account_period.period_start END),
      MAX(account_period.period_start)
    ) AS period_start
  FROM line
  JOIN account_period ON account_period.account_id = line.account_id
  WHERE (
      line.period_start IS NOT NULL
      AND account_period.period_start <= line.period_start
      AND account_period.period_end > line.period_start
    )
    OR (
      line.period_start IS NULL
      AND account_period.period_end <= line.issued_on
      AND account_period.next_period_end > line.issued_on
    )
  GROUP BY line.invoice_line_id
)
SELECT
  line.invoice_line_id AS invoice_line_id,
  line.account_id AS account_id,
  line.currency AS currency,
  COALESCE(
    placed.period_start,
    line.period_start,
    CAST(LAST_DAY(CAST(line.issued_on - INTERVAL 2 MONTH AS DATE)) + INTERVAL 1 DAY AS DATE)
  ) AS period_start,
  CASE
    WHEN placed.period_start IS NOT NULL THEN NULL
    ELSE COALESCE(
      line.period_end,
      CAST(LAST_DAY(CAST(line.issued_on - INTERVAL 1 MONTH AS DATE)) + INTERVAL 1 DAY AS DATE)
    )
  END AS period_end,
  line.issued_on AS issued_on,
  line.quantity AS quantity,
  line.amount AS amount
FROM line
LEFT JOIN placed ON placed.invoice_line_id = line.invoice_line_id
