-- The periods a subscription is billed for: the book and its version on the first day billed, and the share of days it was active.
WITH active AS (
  SELECT
    subscription.subscription_id AS subscription_id,
    subscription.account_id AS account_id,
    subscription.calendar_id AS calendar_id,
    billing_period.period_start AS period_start,
    billing_period.period_end AS period_end,
    billing_period.days AS days,
    MIN(GREATEST(billing_period.period_start, subscription.starts_on)) AS active_from,
    MAX(LEAST(billing_period.period_end, subscription.ends_on)) AS active_to
  FROM subscription
  JOIN billing_period
    ON billing_period.calendar_id = subscription.calendar_id
    AND billing_period.period_start < subscription.ends_on
    AND billing_period.period_end > subscription.starts_on
  WHERE billing_period.period_start >= $first_on AND billing_period.period_start < $until_on
  GROUP BY
    subscription.subscription_id,
    subscription.account_id,
    subscription.calendar_id,
    billing_period.period_start,
    billing_period.period_end,
    billing_period.days
),
booked AS (
  SELECT
    active.subscription_id AS subscription_id,
    active.account_id AS account_id,
    active.period_start AS period_start,
    active.period_end AS period_end,
    active.active_from AS active_from,
    subscription.book AS book,
    subscription.currency AS currency,
    DATE_DIFF('day', active.active_from, active.active_to) AS days_active,
    CASE WHEN active.active_to < active.period_end THEN 1 ELSE 0 END AS ends_early,
    active.days AS days,
    calendar.nominal_days AS nominal_days
  FROM active
  JOIN calendar ON calendar.calendar_id = active.calendar_id
  JOIN subscription
    ON subscription.subscription_id = active.subscription_id
    AND subscription.starts_on <= active.active_from
    AND subscription.ends_on > active.active_from
)
SELECT
  booked.subscription_id AS subscription_id,
  booked.account_id AS account_id,
  booked.book AS book,
  book_version.version_no AS version_no,
  booked.currency AS currency,
  booked.period_start AS period_start,
  booked.period_end AS period_end,
  CAST(
    LEAST(
      CASE WHEN book_version.day_count = 'nominal' THEN booked.nominal_days ELSE booked.days END,
      booked.days_active + CASE WHEN book_version.day_count = 'inclusive' THEN booked.ends_early ELSE 0 END
    ) AS BIGINT
  ) AS active_days,
  CAST(CASE WHEN book_version.day_count = 'nominal' THEN booked.nominal_days ELSE booked.days END AS BIGINT) AS period_days,
  ROW_NUMBER() OVER (PARTITION BY booked.subscription_id ORDER BY booked.period_start) AS period_no
FROM booked
JOIN book_version
  ON book_version.book = booked.book
  AND book_version.from_on <= booked.active_from
  AND book_version.to_on > booked.active_from
