-- The periods a subscription is billed for: the book and its version on the first day billed, and the share of days it was active.
WITH active AS (
  SELECT
    billed_stretch.subscription_id AS subscription_id,
    billed_stretch.account_id AS account_id,
    billed_stretch.book AS book,
    billed_stretch.version_no AS version_no,
    billed_stretch.currency AS currency,
    billed_stretch.day_count AS day_count,
    billing_period.period_start AS period_start,
    billing_period.period_end AS period_end,
    CASE WHEN billed_stretch.day_count = 'nominal' THEN calendar.nominal_days ELSE billing_period.days END AS days,
    DATE_DIFF(
      'day',
      GREATEST(billing_period.period_start, billed_stretch.first_on),
      LEAST(billing_period.period_end, billed_stretch.last_on)
    ) + CASE
      WHEN billed_stretch.day_count = 'inclusive' AND billed_stretch.last_on < billing_period.period_end THEN 1
      ELSE 0
    END AS active_days
  FROM billed_stretch
  JOIN calendar ON calendar.calendar_id = billed_stretch.calendar_id
  JOIN billing_period
    ON billing_period.calendar_id = billed_stretch.calendar_id
    AND billing_period.period_end > billed_stretch.first_on
    AND billing_period.period_start < billed_stretch.last_on
    AND GREATEST(billing_period.period_start, billed_stretch.first_on) >= billed_stretch.from_on
    AND GREATEST(billing_period.period_start, billed_stretch.first_on) < billed_stretch.to_on
  WHERE billing_period.period_start < $until_on
)
SELECT
  active.subscription_id AS subscription_id,
  active.account_id AS account_id,
  active.book AS book,
  active.version_no AS version_no,
  active.currency AS currency,
  active.period_start AS period_start,
  active.period_end AS period_end,
  CAST(LEAST(active.days, active.active_days) AS BIGINT) AS active_days,
  CAST(active.days AS BIGINT) AS period_days,
  ROW_NUMBER() OVER (PARTITION BY active.subscription_id ORDER BY active.period_start) AS period_no
FROM active
