-- Billing periods of accounts; what is invoiced before the next one ends, without naming its service, belongs to the period.
SELECT
  billed_period.account_id AS account_id,
  billed_period.subscription_id AS subscription_id,
  billed_period.period_start AS period_start,
  billed_period.period_end AS period_end,
  COALESCE(
    LEAD(billed_period.period_end) OVER (
      PARTITION BY billed_period.account_id, billed_period.subscription_id ORDER BY billed_period.period_start
    ),
    DATE '9999-12-31'
  ) AS next_period_end
FROM billed_period
