-- The billing periods that are simulated, with the book and the first day billed, which decides the version; as rating bills them.
WITH ordered AS (
  SELECT
    subscription.subscription_id AS subscription_id,
    subscription.account_id AS account_id,
    subscription.calendar_id AS calendar_id,
    subscription.book AS book,
    subscription.currency AS currency,
    subscription.ends_on AS to_on,
    COALESCE(
      LAG(subscription.ends_on) OVER (PARTITION BY subscription.subscription_id ORDER BY subscription.starts_on), subscription.starts_on
    ) AS from_on,
    MIN(subscription.starts_on) OVER (PARTITION BY subscription.subscription_id) AS first_on,
    MAX(subscription.ends_on) OVER (PARTITION BY subscription.subscription_id) AS last_on
  FROM subscription
)
SELECT
  ordered.subscription_id AS subscription_id,
  ordered.account_id AS account_id,
  ordered.book AS book,
  ordered.currency AS currency,
  billing_period.period_start AS period_start,
  CAST(YEAR(billing_period.period_start) * 12 + MONTH(billing_period.period_start) - 1 AS INTEGER) AS month,
  GREATEST(billing_period.period_start, ordered.first_on) AS active_from
FROM ordered
JOIN billing_period
  ON billing_period.calendar_id = ordered.calendar_id
  AND billing_period.period_end > ordered.first_on
  AND billing_period.period_start < ordered.last_on
  AND GREATEST(billing_period.period_start, ordered.first_on) >= ordered.from_on
  AND GREATEST(billing_period.period_start, ordered.first_on) < ordered.to_on
WHERE billing_period.period_start >= $first_on AND billing_period.period_start < $until_on
