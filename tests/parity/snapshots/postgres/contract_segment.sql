/* A stretch of revenue that a contract line promises, from its start (or the signature) to its end (or the loss of the customer). */
WITH unpaid AS (
  SELECT
    line.contract_id AS contract_id,
    MIN(CAST(line.due_on + INTERVAL '45 DAY' AS DATE)) AS lost_on
  FROM invoice_line AS line
  WHERE
    'period_end' = 'days_past_due'
    AND NOT line.due_on IS NULL
    AND line.paid_on IS NULL
    AND line.known_at <= CAST('9999-01-01 00:00:00' AS TIMESTAMP)
  GROUP BY
    line.contract_id
), counted AS (
  SELECT
    line.account_id AS account_id,
    line.product_id AS product_id,
    line.contract_id AS contract_id,
    line.contract_line_id AS line_id,
    line.kind AS kind,
    line.currency AS currency,
    CASE
      WHEN 'live' = 'contracted'
      AND line.starts_on = terms.starts_on
      AND terms.signed_on < line.starts_on
      THEN terms.signed_on
      WHEN line.trial_ends_on > line.starts_on
      THEN line.trial_ends_on
      ELSE line.starts_on
    END AS starts_on,
    COALESCE(line.ends_on, terms.ends_on, CAST('2024-08-01' AS DATE)) AS planned_end,
    CASE
      WHEN 'period_end' = 'request'
      THEN terms.cancel_requested_on
      WHEN 'period_end' = 'status'
      THEN terms.cancelled_on
      WHEN 'period_end' = 'days_past_due'
      THEN unpaid.lost_on
    END AS lost_on,
    line.billing_interval AS billing_interval,
    line.interval_count AS interval_count,
    CASE
      WHEN 'all' = 'none'
      THEN line.list_amount
      WHEN 'all' = 'recurring'
      THEN CAST(line.list_amount - line.recurring_discount_amount AS DECIMAL(18, 4))
      ELSE line.amount
    END AS amount,
    line.quantity AS quantity,
    line.paused_from AS paused_from,
    CASE
      WHEN line.paused_from IS NULL
      THEN NULL
      ELSE COALESCE(line.paused_to, CAST('2024-08-01' AS DATE))
    END AS paused_to,
    line.known_at AS known_at
  FROM contract_line AS line
  LEFT JOIN contract AS terms
    ON terms.contract_id = line.contract_id
  LEFT JOIN unpaid
    ON unpaid.contract_id = line.contract_id
  WHERE
    'invoices' <> 'invoices'
    AND line.known_at <= CAST('9999-01-01 00:00:00' AS TIMESTAMP)
    AND (
      line.kind = 'recurring'
      OR (
        line.kind = 'usage' AND 'include' = 'include'
      )
      OR (
        line.kind = 'one_off' AND 'exclude' = 'include' AND 'invoices' = 'contracts'
      )
    )
)
SELECT
  counted.account_id AS account_id,
  counted.product_id AS product_id,
  counted.contract_id AS contract_id,
  counted.line_id AS line_id,
  'recurring' AS kind,
  'rate' AS treatment,
  counted.currency AS currency,
  counted.starts_on AS starts_on,
  CASE
    WHEN counted.lost_on < counted.planned_end
    THEN counted.lost_on
    ELSE counted.planned_end
  END AS ends_on,
  counted.planned_end AS period_end,
  counted.billing_interval AS billing_interval,
  counted.interval_count AS interval_count,
  counted.amount AS amount,
  counted.quantity AS quantity,
  counted.paused_from AS paused_from,
  counted.paused_to AS paused_to,
  counted.known_at AS known_at
FROM counted
WHERE
  counted.starts_on < counted.planned_end
  AND (
    counted.lost_on IS NULL OR counted.starts_on < counted.lost_on
  )
