/* The monthly price of every stretch that runs at a price: years by 12, weeks and days by the policy's factors, exact integers inside. */
WITH stretched AS (
  SELECT
    segment.account_id AS account_id,
    segment.product_id AS product_id,
    segment.contract_id AS contract_id,
    segment.line_id AS line_id,
    segment.currency AS currency,
    segment.starts_on AS starts_on,
    segment.ends_on AS ends_on,
    segment.amount AS amount,
    segment.quantity AS quantity,
    segment.paused_from AS paused_from,
    segment.paused_to AS paused_to,
    segment.known_at AS known_at,
    segment.billing_interval AS billing_interval,
    segment.interval_count AS interval_count,
    CAST(DATE_DIFF(DAY, segment.starts_on, segment.period_end) AS Nullable(Int64)) AS days,
    CAST(YEAR(segment.period_end) * 12 + MONTH(segment.period_end) - YEAR(segment.starts_on) * 12 - MONTH(segment.starts_on) AS Nullable(Int64)) AS months,
    CASE
      WHEN DAY(segment.period_end) = DAY(segment.starts_on)
      THEN TRUE
      WHEN DAY(segment.period_end) < DAY(segment.starts_on)
      AND segment.period_end = LAST_DAY(segment.period_end)
      THEN TRUE
      WHEN segment.starts_on = LAST_DAY(segment.starts_on)
      AND segment.period_end = LAST_DAY(segment.period_end)
      THEN TRUE
      ELSE FALSE
    END AS whole_months
  FROM segment
  WHERE
    segment.treatment = 'rate'
), factored AS (
  SELECT
    stretched.account_id AS account_id,
    stretched.product_id AS product_id,
    stretched.contract_id AS contract_id,
    stretched.line_id AS line_id,
    stretched.currency AS currency,
    stretched.starts_on AS starts_on,
    stretched.ends_on AS ends_on,
    stretched.quantity AS quantity,
    stretched.paused_from AS paused_from,
    stretched.paused_to AS paused_to,
    stretched.known_at AS known_at,
    CASE WHEN stretched.amount < 0 THEN -1 ELSE 1 END AS sign,
    CAST(CAST(ABS(stretched.amount) AS Nullable(Decimal(38, 4))) * 10000 AS Nullable(Int64)) AS units,
    CAST(CASE
      WHEN stretched.billing_interval = 'year'
      THEN 1
      WHEN stretched.billing_interval = 'quarter'
      THEN 1
      WHEN stretched.billing_interval = 'month'
      THEN 1
      WHEN stretched.billing_interval = 'week'
      THEN 52
      WHEN stretched.billing_interval = 'day'
      THEN 365
      WHEN stretched.whole_months AND stretched.months > 0
      THEN 1
      WHEN 'by_day' = 'face' AND stretched.days < 28 AND NOT (
        stretched.days IN (1, 7)
      )
      THEN 1
      WHEN stretched.days % 7 = 0 AND stretched.days < 28
      THEN 52
      WHEN 'by_day' = 'round_30.42'
      THEN 1
      ELSE 365
    END AS Nullable(Int64)) AS numerator,
    CAST(CASE
      WHEN stretched.billing_interval = 'year'
      THEN 12 * stretched.interval_count
      WHEN stretched.billing_interval = 'quarter'
      THEN 3 * stretched.interval_count
      WHEN stretched.billing_interval = 'month'
      THEN stretched.interval_count
      WHEN stretched.billing_interval = 'week'
      THEN 12 * stretched.interval_count
      WHEN stretched.billing_interval = 'day'
      THEN 12 * stretched.interval_count
      WHEN stretched.whole_months AND stretched.months > 0
      THEN stretched.months
      WHEN 'by_day' = 'face' AND stretched.days < 28 AND NOT (
        stretched.days IN (1, 7)
      )
      THEN 1
      WHEN stretched.days % 7 = 0 AND stretched.days < 28
      THEN 12 * (
        intDiv(stretched.days, 7)
      )
      WHEN 'by_day' = 'round_30.42'
      THEN GREATEST(1, intDiv(stretched.days * 200 + 3042, 6084))
      ELSE 12 * stretched.days
    END AS Nullable(Int64)) AS denominator
  FROM stretched
)
SELECT
  factored.account_id AS account_id,
  factored.product_id AS product_id,
  factored.contract_id AS contract_id,
  factored.line_id AS line_id,
  factored.currency AS currency,
  factored.starts_on AS starts_on,
  factored.ends_on AS ends_on,
  factored.quantity AS quantity,
  factored.paused_from AS paused_from,
  factored.paused_to AS paused_to,
  factored.known_at AS known_at,
  CAST(factored.sign * CAST(intDiv(
    2 * factored.units * factored.numerator + factored.denominator,
    2 * factored.denominator
  ) AS Nullable(Decimal(18, 0))) * CAST('0.0001' AS Nullable(Decimal(5, 4))) AS Nullable(Decimal(18, 4))) AS monthly_amount
FROM factored
