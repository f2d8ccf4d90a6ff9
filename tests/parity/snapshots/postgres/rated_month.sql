/* Rated usage of a subscription's product by month: spread over the days of the billing period as far as they are over, in minor */
/* units and millionths of the quantity, so that the months add up to the period (largest remainder). */
WITH dated AS (
  SELECT
    share.subscription_id AS subscription_id,
    share.account_id AS account_id,
    share.product_id AS product_id,
    share.contract_id AS contract_id,
    share.currency AS currency,
    share.period_start AS starts_on,
    CASE
      WHEN CAST('2024-07-01' AS DATE) > share.period_start
      AND CAST('2024-07-01' AS DATE) < share.period_end
      THEN CAST('2024-07-01' AS DATE)
      ELSE share.period_end
    END AS ends_on,
    share.period_end AS period_end,
    share.amount AS amount,
    share.quantity AS quantity
  FROM rated_share AS share
  WHERE
    share.is_fee = 0 AND 'include' = 'include'
), reaching AS (
  SELECT
    dated.subscription_id AS subscription_id,
    dated.account_id AS account_id,
    dated.product_id AS product_id,
    dated.contract_id AS contract_id,
    dated.currency AS currency,
    dated.starts_on AS starts_on,
    dated.ends_on AS ends_on,
    dated.amount AS amount,
    dated.quantity AS quantity,
    CASE
      WHEN 'live' = 'billed'
      THEN CAST(EXTRACT(YEAR FROM dated.period_end - INTERVAL '1 DAY') * 12 + EXTRACT(MONTH FROM dated.period_end - INTERVAL '1 DAY') - 1 AS INT)
      ELSE CAST(EXTRACT(YEAR FROM dated.starts_on) * 12 + EXTRACT(MONTH FROM dated.starts_on) - 1 AS INT)
    END AS first_month,
    CASE
      WHEN 'live' = 'billed'
      THEN CAST(EXTRACT(YEAR FROM dated.period_end - INTERVAL '1 DAY') * 12 + EXTRACT(MONTH FROM dated.period_end - INTERVAL '1 DAY') - 1 AS INT)
      ELSE CAST(EXTRACT(YEAR FROM dated.ends_on - INTERVAL '1 DAY') * 12 + EXTRACT(MONTH FROM dated.ends_on - INTERVAL '1 DAY') - 1 AS INT)
    END AS last_month
  FROM dated
), shared AS (
  SELECT
    reaching.subscription_id AS subscription_id,
    reaching.account_id AS account_id,
    reaching.product_id AS product_id,
    reaching.contract_id AS contract_id,
    reaching.currency AS currency,
    reaching.starts_on AS starts_on,
    spine.month AS month,
    currency_unit.unit_amount AS unit_amount,
    CASE WHEN reaching.amount < 0 THEN -1 ELSE 1 END AS sign,
    CAST(ABS(reaching.amount) * currency_unit.units_per_major AS BIGINT) AS units,
    CASE WHEN reaching.quantity < 0 THEN -1 ELSE 1 END AS quantity_sign,
    CAST(CAST(ABS(reaching.quantity) AS DECIMAL(38, 6)) * 1000000 AS BIGINT) AS millionths,
    CAST((
      LEAST(spine.next_first_day, reaching.ends_on) - GREATEST(spine.first_day, reaching.starts_on)
    ) AS BIGINT) AS days,
    CAST((
      reaching.ends_on - reaching.starts_on
    ) AS BIGINT) AS all_days
  FROM reaching
  JOIN currency_unit
    ON currency_unit.currency = reaching.currency
  JOIN month_spine AS spine
    ON spine.month >= reaching.first_month AND spine.month <= reaching.last_month
  WHERE
    reaching.first_month < reaching.last_month
), ranked AS (
  SELECT
    shared.account_id AS account_id,
    shared.product_id AS product_id,
    shared.contract_id AS contract_id,
    shared.currency AS currency,
    shared.starts_on AS starts_on,
    shared.month AS month,
    shared.unit_amount AS unit_amount,
    shared.sign AS sign,
    (
      DIV(shared.units, shared.all_days)
    ) * shared.days + DIV((
      (
        shared.units % shared.all_days
      ) * shared.days
    ), shared.all_days) AS whole_units,
    shared.units - SUM(
      (
        DIV(shared.units, shared.all_days)
      ) * shared.days + DIV((
        (
          shared.units % shared.all_days
        ) * shared.days
      ), shared.all_days)
    ) OVER (PARTITION BY shared.subscription_id, shared.starts_on, shared.product_id) AS left_over,
    ROW_NUMBER() OVER (
      PARTITION BY shared.subscription_id, shared.starts_on, shared.product_id
      ORDER BY (
        (
          shared.units % shared.all_days
        ) * shared.days
      ) % shared.all_days DESC NULLS LAST, shared.month
    ) AS remainder_rank,
    shared.quantity_sign AS quantity_sign,
    (
      DIV(shared.millionths, shared.all_days)
    ) * shared.days + DIV((
      (
        shared.millionths % shared.all_days
      ) * shared.days
    ), shared.all_days) AS whole_millionths,
    shared.millionths - SUM(
      (
        DIV(shared.millionths, shared.all_days)
      ) * shared.days + DIV((
        (
          shared.millionths % shared.all_days
        ) * shared.days
      ), shared.all_days)
    ) OVER (PARTITION BY shared.subscription_id, shared.starts_on, shared.product_id) AS left_millionths,
    ROW_NUMBER() OVER (
      PARTITION BY shared.subscription_id, shared.starts_on, shared.product_id
      ORDER BY (
        (
          shared.millionths % shared.all_days
        ) * shared.days
      ) % shared.all_days DESC NULLS LAST, shared.month
    ) AS quantity_rank
  FROM shared
), parts AS (
  SELECT
    reaching.account_id AS account_id,
    reaching.product_id AS product_id,
    reaching.contract_id AS contract_id,
    reaching.currency AS currency,
    reaching.starts_on AS starts_on,
    reaching.first_month AS month,
    reaching.amount AS amount,
    reaching.quantity AS quantity
  FROM reaching
  WHERE
    reaching.first_month >= reaching.last_month
  UNION ALL
  SELECT
    ranked.account_id AS account_id,
    ranked.product_id AS product_id,
    ranked.contract_id AS contract_id,
    ranked.currency AS currency,
    ranked.starts_on AS starts_on,
    ranked.month AS month,
    CAST(CAST(ranked.sign * (
      ranked.whole_units + CASE WHEN ranked.remainder_rank <= ranked.left_over THEN 1 ELSE 0 END
    ) AS DECIMAL(38, 0)) * ranked.unit_amount AS DECIMAL(18, 4)) AS amount,
    CAST(CAST(ranked.quantity_sign * (
      ranked.whole_millionths + CASE WHEN ranked.quantity_rank <= ranked.left_millionths THEN 1 ELSE 0 END
    ) AS DECIMAL(38, 0)) * CAST(0.000001 AS DECIMAL(7, 6)) AS DECIMAL(18, 6)) AS quantity
  FROM ranked
)
SELECT
  parts.account_id AS account_id,
  parts.product_id AS product_id,
  parts.contract_id AS contract_id,
  parts.currency AS currency,
  parts.month AS month,
  CASE WHEN 'floating' = 'event' THEN parts.starts_on ELSE spine.last_day END AS rate_on,
  parts.amount AS amount,
  parts.amount AS usage_amount,
  parts.quantity AS quantity,
  0 AS held
FROM parts
JOIN month_spine AS spine
  ON spine.month = parts.month
WHERE
  spine.month <= 24293
