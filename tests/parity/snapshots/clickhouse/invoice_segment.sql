/* A stretch of revenue that an invoice line pays for: its service period, or the month of the invoice when it has none. */
WITH counted AS (
  SELECT
    line.account_id AS account_id,
    line.product_id AS product_id,
    COALESCE(line.contract_id, '') AS contract_id,
    line.invoice_line_id AS line_id,
    line.kind AS kind,
    line.currency AS currency,
    line.issued_on AS issued_on,
    line.period_start AS period_start,
    line.period_end AS period_end,
    line.quantity AS quantity,
    line.known_at AS known_at,
    CASE
      WHEN 'all' = 'none'
      THEN line.list_amount
      WHEN 'all' = 'recurring'
      THEN CAST(line.list_amount - line.recurring_discount_amount AS Nullable(Decimal(18, 4)))
      ELSE line.amount
    END AS amount,
    CASE
      WHEN 'period_end' = 'request'
      THEN terms.cancel_requested_on
      WHEN 'period_end' = 'status'
      THEN terms.cancelled_on
      WHEN 'period_end' = 'days_past_due' AND line.paid_on IS NULL
      THEN CAST(line.due_on + INTERVAL '45' DAY AS Nullable(Date32))
    END AS lost_on
  FROM invoice_line AS line
  LEFT JOIN contract AS terms
    ON terms.contract_id = line.contract_id
  WHERE
    line.known_at <= CAST('2299-12-31 00:00:00' AS Nullable(DateTime64(6)))
    AND (
      (
        line.kind = 'recurring' AND 'invoices' = 'invoices'
      )
      OR (
        line.kind = 'usage' AND 'include' = 'include' AND 'invoices' <> 'contracts'
      )
      OR (
        line.kind = 'one_off' AND 'exclude' = 'include' AND 'invoices' <> 'contracts'
      )
      OR (
        line.kind = 'credit'
        AND 'invoices' = 'invoices'
        AND (
          'dated' = 'net'
          OR (
            'dated' = 'dated' AND NOT (
              line.period_start IS NULL
            )
          )
        )
      )
    )
)
SELECT
  counted.account_id AS account_id,
  counted.product_id AS product_id,
  counted.contract_id AS contract_id,
  counted.line_id AS line_id,
  CASE WHEN counted.kind = 'usage' THEN 'usage' ELSE 'recurring' END AS kind,
  CASE
    WHEN 'live' = 'billed' OR counted.period_start IS NULL
    THEN 'invoiced'
    WHEN 'live' = 'recognised' OR counted.kind <> 'recurring'
    THEN 'spread'
    ELSE 'rate'
  END AS treatment,
  counted.currency AS currency,
  CASE
    WHEN 'live' = 'billed'
    THEN counted.issued_on
    ELSE COALESCE(counted.period_start, counted.issued_on)
  END AS starts_on,
  CASE
    WHEN 'live' = 'billed' OR counted.period_start IS NULL
    THEN counted.issued_on
    WHEN counted.kind = 'recurring' AND counted.lost_on < counted.period_end
    THEN counted.lost_on
    ELSE counted.period_end
  END AS ends_on,
  counted.period_end AS period_end,
  '' AS billing_interval,
  0 AS interval_count,
  counted.amount AS amount,
  counted.quantity AS quantity,
  CAST(NULL AS Nullable(Date32)) AS paused_from,
  CAST(NULL AS Nullable(Date32)) AS paused_to,
  counted.known_at AS known_at
FROM counted
WHERE
  counted.lost_on IS NULL
  OR counted.kind <> 'recurring'
  OR counted.lost_on > COALESCE(counted.period_start, counted.issued_on)
