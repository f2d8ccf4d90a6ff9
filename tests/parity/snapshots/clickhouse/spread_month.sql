/* Amounts spread over the days of their service, in minor units, so that the months add up to the line (largest remainder). */
WITH dated AS (
  SELECT
    segment.line_id AS line_id,
    segment.account_id AS account_id,
    segment.product_id AS product_id,
    segment.contract_id AS contract_id,
    segment.kind AS kind,
    segment.currency AS currency,
    segment.starts_on AS starts_on,
    segment.ends_on AS ends_on,
    segment.period_end AS period_end,
    segment.amount AS amount,
    segment.quantity AS quantity,
    segment.known_at AS known_at,
    CAST(YEAR(segment.starts_on) * 12 + MONTH(segment.starts_on) - 1 AS Nullable(Int32)) AS first_month,
    CASE
      WHEN segment.treatment = 'invoiced'
      THEN CAST(YEAR(segment.starts_on) * 12 + MONTH(segment.starts_on) - 1 AS Nullable(Int32))
      ELSE CAST(YEAR(segment.period_end - INTERVAL '1' DAY) * 12 + MONTH(segment.period_end - INTERVAL '1' DAY) - 1 AS Nullable(Int32))
    END AS last_month
  FROM segment
  WHERE
    segment.treatment <> 'rate'
), shared AS (
  SELECT
    dated.line_id AS line_id,
    dated.account_id AS account_id,
    dated.product_id AS product_id,
    dated.contract_id AS contract_id,
    dated.kind AS kind,
    dated.currency AS currency,
    dated.starts_on AS starts_on,
    dated.ends_on AS ends_on,
    dated.known_at AS known_at,
    dated.quantity AS quantity,
    spine.month AS month,
    spine.last_day AS last_day,
    spine.first_day AS first_day,
    CASE WHEN dated.amount < 0 THEN -1 ELSE 1 END AS sign,
    currency_unit.unit_amount AS unit_amount,
    CAST(ABS(dated.amount) * currency_unit.units_per_major AS Nullable(Int64)) AS units,
    CAST(DATE_DIFF(
      DAY,
      GREATEST(spine.first_day, dated.starts_on),
      LEAST(spine.next_first_day, dated.period_end)
    ) AS Nullable(Int64)) AS days,
    CAST(DATE_DIFF(DAY, dated.starts_on, dated.period_end) AS Nullable(Int64)) AS all_days
  FROM dated
  JOIN currency_unit
    ON currency_unit.currency = dated.currency
  JOIN month_spine AS spine
    ON spine.month >= dated.first_month AND spine.month <= dated.last_month
  WHERE
    dated.first_month < dated.last_month
), ranked AS (
  SELECT
    shared.line_id AS line_id,
    shared.account_id AS account_id,
    shared.product_id AS product_id,
    shared.contract_id AS contract_id,
    shared.kind AS kind,
    shared.currency AS currency,
    shared.starts_on AS starts_on,
    shared.ends_on AS ends_on,
    shared.known_at AS known_at,
    shared.quantity AS quantity,
    shared.month AS month,
    shared.last_day AS last_day,
    shared.first_day AS first_day,
    shared.sign AS sign,
    shared.unit_amount AS unit_amount,
    intDiv(shared.units * shared.days, shared.all_days) AS whole_units,
    shared.units - SUM(intDiv(shared.units * shared.days, shared.all_days)) OVER (PARTITION BY shared.line_id) AS left_over,
    ROW_NUMBER() OVER (
      PARTITION BY shared.line_id
      ORDER BY (
        shared.units * shared.days
      ) % shared.all_days DESC, shared.month
    ) AS remainder_rank
  FROM shared
), parts AS (
  SELECT
    dated.account_id AS account_id,
    dated.product_id AS product_id,
    dated.contract_id AS contract_id,
    dated.kind AS kind,
    dated.currency AS currency,
    dated.starts_on AS starts_on,
    dated.known_at AS known_at,
    dated.quantity AS quantity,
    dated.first_month AS month,
    dated.amount AS amount
  FROM dated
  WHERE
    dated.first_month >= dated.last_month
  UNION ALL
  SELECT
    ranked.account_id AS account_id,
    ranked.product_id AS product_id,
    ranked.contract_id AS contract_id,
    ranked.kind AS kind,
    ranked.currency AS currency,
    ranked.starts_on AS starts_on,
    ranked.known_at AS known_at,
    CASE WHEN ranked.kind = 'usage' THEN NULL ELSE ranked.quantity END AS quantity,
    ranked.month AS month,
    CAST(CAST(ranked.sign * (
      ranked.whole_units + CASE WHEN ranked.remainder_rank <= ranked.left_over THEN 1 ELSE 0 END
    ) AS Nullable(Decimal(38, 0))) * ranked.unit_amount AS Nullable(Decimal(18, 4))) AS amount
  FROM ranked
  WHERE
    ranked.first_day < ranked.ends_on
)
SELECT
  parts.account_id AS account_id,
  parts.product_id AS product_id,
  parts.contract_id AS contract_id,
  parts.currency AS currency,
  parts.month AS month,
  CASE WHEN 'floating' = 'event' THEN parts.starts_on ELSE spine.last_day END AS rate_on,
  parts.amount AS amount,
  CASE
    WHEN parts.kind = 'usage'
    THEN parts.amount
    ELSE CAST('0' AS Nullable(Decimal(18, 4)))
  END AS usage_amount,
  parts.quantity AS quantity,
  0 AS held
FROM parts
JOIN month_spine AS spine
  ON spine.month = parts.month
WHERE
  spine.month <= 24293
  AND parts.known_at < CAST(spine.last_day + INTERVAL '36500' DAY AS Nullable(DateTime64(6)))
