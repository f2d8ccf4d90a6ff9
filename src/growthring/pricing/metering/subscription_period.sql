-- Billing periods of each subscription, cut to the time in which it is in force.
SELECT
  ROW_NUMBER() OVER (ORDER BY subscription.subscription_id, period.period_start, period.period_end) AS period_no,
  subscription.subscription_id AS subscription_id,
  subscription.account_id AS account_id,
  period.calendar_id AS calendar_id,
  period.period_start AS period_start,
  period.period_end AS period_end,
  period.starts_at AS period_starts_at,
  period.days AS days,
  period.seconds AS seconds,
  MIN(GREATEST(period.starts_at, since.starts_at)) AS starts_at,
  MAX(LEAST(period.ends_at, until.starts_at)) AS ends_at,
  MIN(GREATEST(period.period_start, subscription.starts_on)) AS in_force_from,
  MAX(LEAST(period.period_end, subscription.ends_on)) AS in_force_to
FROM subscription
JOIN billing_period AS period
  ON period.calendar_id = subscription.calendar_id
  AND period.period_end > subscription.starts_on
  AND period.period_start < subscription.ends_on
JOIN calendar_day AS since ON since.calendar_id = subscription.calendar_id AND since.day = subscription.starts_on
JOIN calendar_day AS until ON until.calendar_id = subscription.calendar_id AND until.day = subscription.ends_on
WHERE period.starts_at <= $as_of
GROUP BY
  subscription.subscription_id,
  subscription.account_id,
  period.calendar_id,
  period.period_start,
  period.period_end,
  period.starts_at,
  period.days,
  period.seconds
