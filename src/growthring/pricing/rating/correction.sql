-- What became known after bills were issued: each period rated again from everything known now, less what was billed for it.
WITH moved AS (
  SELECT
    bill.subscription_id AS subscription_id,
    bill.account_id AS account_id,
    bill.period_start AS period_start,
    bill.period_end AS period_end,
    bill.book AS book,
    bill.currency AS currency,
    CAST(0 AS DECIMAL(18,4)) AS billed_amount,
    bill.amount AS rated_amount
  FROM bill
  UNION ALL
  SELECT
    billed_before.subscription_id AS subscription_id,
    billed_before.account_id AS account_id,
    billed_before.period_start AS period_start,
    billed_before.period_end AS period_end,
    billed_before.book AS book,
    billed_before.currency AS currency,
    billed_before.amount AS billed_amount,
    CAST(0 AS DECIMAL(18,4)) AS rated_amount
  FROM billed_before
),
summed AS (
  SELECT
    moved.subscription_id AS subscription_id,
    moved.account_id AS account_id,
    moved.period_start AS period_start,
    moved.currency AS currency,
    MAX(moved.book) AS book,
    CAST(SUM(moved.billed_amount) AS DECIMAL(18,4)) AS billed_amount,
    CAST(SUM(moved.rated_amount) AS DECIMAL(18,4)) AS rated_amount
  FROM moved
  WHERE moved.period_end <= $billed_on
  GROUP BY moved.subscription_id, moved.account_id, moved.period_start, moved.currency
),
running AS (
  SELECT
    bill.subscription_id AS subscription_id,
    MAX(bill.period_start) AS period_start
  FROM bill
  WHERE bill.period_start <= $today
  GROUP BY bill.subscription_id
)
SELECT
  summed.subscription_id AS subscription_id,
  summed.account_id AS account_id,
  summed.period_start AS period_start,
  summed.book AS book,
  summed.currency AS currency,
  summed.billed_amount AS billed_amount,
  summed.rated_amount AS rated_amount,
  CAST(summed.rated_amount - summed.billed_amount AS DECIMAL(18,4)) AS correction_amount,
  CASE
    WHEN book_booking.booking = 'current' THEN COALESCE(running.period_start, summed.period_start)
    ELSE summed.period_start
  END AS booked_on
FROM summed
LEFT JOIN book_booking ON book_booking.book = summed.book
LEFT JOIN running ON running.subscription_id = summed.subscription_id
WHERE summed.rated_amount <> summed.billed_amount
