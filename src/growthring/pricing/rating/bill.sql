-- What a subscription owes for a period under its price book, before credits.
WITH rounded AS (
  SELECT
    before.subscription_id AS subscription_id,
    before.period_start AS period_start,
    CAST(before.raw_amount AS DECIMAL(18,4)) AS subtotal_amount,
    CASE currency_unit.decimals
      WHEN 0 THEN CAST(ROUND(before.amount, 0) AS DECIMAL(18,4))
      WHEN 2 THEN CAST(ROUND(before.amount, 2) AS DECIMAL(18,4))
      WHEN 3 THEN CAST(ROUND(before.amount, 3) AS DECIMAL(18,4))
      ELSE CAST(ROUND(before.amount, 4) AS DECIMAL(18,4))
    END AS amount,
    billed_period.account_id AS account_id,
    billed_period.period_end AS period_end,
    billed_period.book AS book,
    billed_period.currency AS currency
  FROM before
  JOIN billed_period
    ON billed_period.subscription_id = before.subscription_id AND billed_period.period_start = before.period_start
  JOIN currency_decimals AS currency_unit ON currency_unit.currency = billed_period.currency
)
SELECT
  rounded.subscription_id AS subscription_id,
  rounded.account_id AS account_id,
  rounded.period_start AS period_start,
  rounded.period_end AS period_end,
  rounded.book AS book,
  rounded.subtotal_amount AS subtotal_amount,
  CAST(rounded.amount - rounded.subtotal_amount AS DECIMAL(18,4)) AS adjustment_amount,
  rounded.amount AS amount,
  rounded.currency AS currency
FROM rounded
