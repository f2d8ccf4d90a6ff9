-- The billing periods that are simulated, with the day that decides which version of a book holds.
SELECT
  subscription.subscription_id AS subscription_id,
  subscription.account_id AS account_id,
  subscription.book AS book,
  subscription.currency AS currency,
  billing_period.period_start AS period_start,
  CAST(YEAR(billing_period.period_start) * 12 + MONTH(billing_period.period_start) - 1 AS INTEGER) AS month,
  GREATEST(billing_period.period_start, subscription.starts_on) AS active_from
FROM subscription
JOIN billing_period
  ON billing_period.calendar_id = subscription.calendar_id
  AND billing_period.period_start < subscription.ends_on
  AND billing_period.period_end > subscription.starts_on
WHERE billing_period.period_start >= $first_on AND billing_period.period_start < $until_on
