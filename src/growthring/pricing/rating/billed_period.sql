-- The periods a subscription is billed for: the book and its version on the first day billed, and the share it was active, in days or seconds.
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
    CASE billed_stretch.day_count
      WHEN 'second' THEN billing_period.seconds
      WHEN 'nominal' THEN calendar.nominal_days
      ELSE billing_period.days
    END AS period_units,
    CASE
      WHEN billed_stretch.day_count = 'second'
        THEN DATE_DIFF(
          'second', GREATEST(billing_period.starts_at, since.starts_at), LEAST(billing_period.ends_at, until.starts_at)
        )
      ELSE DATE_DIFF(
        'day',
        GREATEST(billing_period.period_start, billed_stretch.first_on),
        LEAST(billing_period.period_end, billed_stretch.last_on)
      )
    END + CASE
      WHEN billed_stretch.day_count = 'inclusive' AND billed_stretch.last_on < billing_period.period_end THEN 1
      ELSE 0
    END AS active_units
  FROM billed_stretch
  JOIN calendar ON calendar.calendar_id = billed_stretch.calendar_id
  JOIN calendar_day AS since ON since.calendar_id = billed_stretch.calendar_id AND since.day = billed_stretch.first_on
  JOIN calendar_day AS until ON until.calendar_id = billed_stretch.calendar_id AND until.day = billed_stretch.last_on
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
  CAST(LEAST(active.period_units, active.active_units) AS BIGINT) AS active_units,
  CAST(active.period_units AS BIGINT) AS period_units,
  ROW_NUMBER() OVER (PARTITION BY active.subscription_id ORDER BY active.period_start) AS period_no
FROM active
