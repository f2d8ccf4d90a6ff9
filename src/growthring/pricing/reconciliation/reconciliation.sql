-- What was rated less what was invoiced, by account, billing period and currency, and what can be said of it without rating again.
WITH side AS (
  SELECT
    rated_amount.account_id AS account_id,
    rated_amount.period_start AS period_start,
    rated_amount.period_end AS period_end,
    rated_amount.currency AS currency,
    rated_amount.amount AS rated_amount,
    CAST(0 AS DECIMAL(38,4)) AS invoiced_amount,
    CASE WHEN rated_amount.rated_lines > 0 THEN rated_amount.rated_lines ELSE CAST(1 AS BIGINT) END AS rated_lines,
    CAST(0 AS BIGINT) AS invoice_lines,
    CAST(0 AS DECIMAL(38,6)) AS invoiced_quantity,
    CAST(NULL AS DATE) AS issued_on
  FROM rated_amount
  UNION ALL
  SELECT
    invoiced_line.account_id AS account_id,
    invoiced_line.period_start AS period_start,
    invoiced_line.period_end AS period_end,
    invoiced_line.currency AS currency,
    CAST(0 AS DECIMAL(38,4)) AS rated_amount,
    CAST(invoiced_line.amount AS DECIMAL(38,4)) AS invoiced_amount,
    CAST(0 AS BIGINT) AS rated_lines,
    CAST(1 AS BIGINT) AS invoice_lines,
    CAST(COALESCE(invoiced_line.quantity, 0) AS DECIMAL(38,6)) AS invoiced_quantity,
    invoiced_line.issued_on AS issued_on
  FROM invoiced_line
),
summed AS (
  SELECT
    side.account_id AS account_id,
    side.period_start AS period_start,
    side.currency AS currency,
    CAST(SUM(side.rated_amount) AS DECIMAL(38,4)) AS rated_amount,
    CAST(SUM(side.invoiced_amount) AS DECIMAL(38,4)) AS invoiced_amount,
    CAST(SUM(side.rated_amount) - SUM(side.invoiced_amount) AS DECIMAL(38,4)) AS residual_amount,
    CAST(SUM(side.rated_lines) AS BIGINT) AS rated_lines,
    CAST(SUM(side.invoice_lines) AS BIGINT) AS invoice_lines,
    CAST(SUM(side.invoiced_quantity) AS DECIMAL(38,6)) AS invoiced_quantity,
    MIN(side.issued_on) AS issued_on,
    MAX(side.period_end) AS own_period_end
  FROM side
  GROUP BY side.account_id, side.period_start, side.currency
),
ending AS (
  SELECT account_period.account_id AS account_id, account_period.period_start AS period_start, MAX(account_period.period_end) AS period_end
  FROM account_period
  GROUP BY account_period.account_id, account_period.period_start
),
measured AS (
  SELECT
    summed.account_id AS account_id,
    summed.period_start AS period_start,
    COALESCE(ending.period_end, summed.own_period_end) AS period_end,
    summed.currency AS currency,
    summed.rated_amount AS rated_amount,
    summed.invoiced_amount AS invoiced_amount,
    summed.residual_amount AS residual_amount,
    summed.rated_lines AS rated_lines,
    summed.invoice_lines AS invoice_lines,
    summed.invoiced_quantity AS invoiced_quantity,
    summed.issued_on AS issued_on,
    CASE unit.decimals
      WHEN 0 THEN ABS(summed.residual_amount)
      WHEN 2 THEN CAST(ABS(summed.residual_amount) * 100 AS DECIMAL(38,4))
      WHEN 3 THEN CAST(ABS(summed.residual_amount) * 1000 AS DECIMAL(38,4))
      ELSE CAST(ABS(summed.residual_amount) * 10000 AS DECIMAL(38,4))
    END AS residual_units
  FROM summed
  JOIN currency_decimals AS unit ON unit.currency = summed.currency
  LEFT JOIN ending ON ending.account_id = summed.account_id AND ending.period_start = summed.period_start
)
SELECT
  measured.account_id AS account_id,
  measured.period_start AS period_start,
  measured.period_end AS period_end,
  measured.currency AS currency,
  measured.rated_amount AS rated_amount,
  measured.invoiced_amount AS invoiced_amount,
  measured.residual_amount AS residual_amount,
  measured.rated_lines AS rated_lines,
  measured.invoice_lines AS invoice_lines,
  measured.invoiced_quantity AS invoiced_quantity,
  measured.issued_on AS issued_on,
  CASE
    WHEN measured.residual_amount = 0 THEN 'matched'
    WHEN measured.rated_lines > 0
      AND measured.invoice_lines > 0
      AND measured.residual_units <= GREATEST(measured.rated_lines, measured.invoice_lines)
      THEN 'rounding'
    WHEN measured.invoice_lines = 0 AND measured.period_end > $through THEN 'open_period'
    WHEN measured.invoice_lines = 0 THEN 'not_invoiced'
    WHEN measured.rated_lines = 0 THEN 'not_rated'
    ELSE 'unexplained'
  END AS cause
FROM measured
