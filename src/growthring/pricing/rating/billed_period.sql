-- The periods a subscription is billed for, the version of its book on the first day billed, and the share of the period it was active.
WITH overlapping AS (
  SELECT
    subscription.subscription_id AS subscription_id,
    subscription.account_id AS account_id,
    subscription.book AS book,
    subscription.currency AS currency,
    subscription.calendar_id AS calendar_id,
    billing_period.period_start AS period_start,
    billing_period.period_end AS period_end,
    billing_period.days AS days,
    GREATEST(billing_period.period_start, subscription.starts_on) AS active_from,
    LEAST(billing_period.period_end, subscription.ends_on) AS active_to
  FROM subscription
  JOIN billing_period
    ON billing_period.calendar_id = subscription.calendar_id
    AND billing_period.period_start < subscription.ends_on
    AND billing_period.period_end > subscription.starts_on
  WHERE billing_period.period_start >= $first_on AND billing_period.period_start < $until_on
)
SELECT
  overlapping.subscription_id AS subscription_id,
  overlapping.account_id AS account_id,
  overlapping.book AS book,
  book_version.version_no AS version_no,
  overlapping.currency AS currency,
  overlapping.period_start AS period_start,
  overlapping.period_end AS period_end,
  CAST(
    LEAST(
      CASE WHEN book_version.day_count = 'nominal' THEN calendar.nominal_days ELSE overlapping.days END,
      DATE_DIFF('day', overlapping.active_from, overlapping.active_to)
      + CASE WHEN book_version.day_count = 'inclusive' AND overlapping.active_to < overlapping.period_end THEN 1 ELSE 0 END
    ) AS BIGINT
  ) AS active_days,
  CAST(CASE WHEN book_version.day_count = 'nominal' THEN calendar.nominal_days ELSE overlapping.days END AS BIGINT) AS period_days,
  ROW_NUMBER() OVER (PARTITION BY overlapping.subscription_id ORDER BY overlapping.period_start, overlapping.active_from) AS period_no
FROM overlapping
JOIN calendar ON calendar.calendar_id = overlapping.calendar_id
JOIN book_version
  ON book_version.book = overlapping.book
  AND book_version.from_on <= overlapping.active_from
  AND book_version.to_on > overlapping.active_from
