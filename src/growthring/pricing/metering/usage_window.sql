-- The same by month of the instant (UTC), so that a record finds its period by account and month.
SELECT
  period.period_no AS period_no,
  period.subscription_id AS subscription_id,
  period.account_id AS account_id,
  month.zone AS zone,
  month.utc_month AS utc_month,
  period.period_start AS period_start,
  period.period_end AS period_end,
  period.period_starts_at AS period_starts_at,
  period.starts_at AS starts_at,
  period.ends_at AS ends_at,
  period.in_force_to AS in_force_to,
  period.days AS days,
  period.seconds AS seconds
FROM subscription_period AS period
JOIN period_month AS month ON month.calendar_id = period.calendar_id AND month.period_start = period.period_start
WHERE month.starts_at < period.ends_at AND month.ends_at > period.starts_at
