-- Rated lines: the amount is rounded once, half up, to the currency's minor unit. Nothing used that costs nothing is no line.
SELECT
  before.subscription_id AS subscription_id,
  billed_period.account_id AS account_id,
  before.period_start AS period_start,
  billed_period.period_end AS period_end,
  billed_period.book AS book,
  component.version AS version,
  component.component_id AS component_id,
  before.dimensions AS dimensions,
  before.quantity AS quantity,
  before.billable_quantity AS billable_quantity,
  before.tier AS tier,
  before.raw_amount AS raw_amount,
  before.amount AS adjusted_amount,
  CASE component.decimals
    WHEN 0 THEN CAST(ROUND(before.amount, 0) AS DECIMAL(18,4))
    WHEN 2 THEN CAST(ROUND(before.amount, 2) AS DECIMAL(18,4))
    WHEN 3 THEN CAST(ROUND(before.amount, 3) AS DECIMAL(18,4))
    ELSE CAST(ROUND(before.amount, 4) AS DECIMAL(18,4))
  END AS amount,
  component.currency AS currency
FROM before
JOIN component ON component.component_no = before.component_no
JOIN billed_period
  ON billed_period.subscription_id = before.subscription_id AND billed_period.period_start = before.period_start
WHERE before.quantity <> 0 OR before.raw_amount <> 0 OR before.amount <> 0
