-- What commitments may pay for, numbered in the order in which it is paid: by period, fees before usage.
WITH summed AS (
  SELECT
    COALESCE(pool.pool_id, drawable.account_id) AS pool_id,
    drawable.account_id AS account_id,
    drawable.subscription_id AS subscription_id,
    drawable.period_start AS period_start,
    drawable.period_end AS period_end,
    drawable.component_id AS component_id,
    drawable.component_kind AS component_kind,
    COALESCE(drawable.meter, '') AS meter,
    drawable.currency AS currency,
    COALESCE(commitment_currency.digits, 2) AS digits,
    CAST(SUM(drawable.quantity) AS DECIMAL(38,6)) AS quantity,
    CAST(SUM(drawable.amount) AS DECIMAL(38,6)) AS amount
  FROM drawable
  LEFT JOIN pool ON pool.account_id = drawable.account_id
  LEFT JOIN commitment_currency ON commitment_currency.currency = drawable.currency
  WHERE drawable.period_start < $on
  GROUP BY
    COALESCE(pool.pool_id, drawable.account_id),
    drawable.account_id,
    drawable.subscription_id,
    drawable.period_start,
    drawable.period_end,
    drawable.component_id,
    drawable.component_kind,
    COALESCE(drawable.meter, ''),
    drawable.currency,
    COALESCE(commitment_currency.digits, 2)
)
SELECT
  CAST(
    ROW_NUMBER() OVER (
      ORDER BY
        summed.pool_id,
        summed.period_start,
        summed.component_kind,
        summed.account_id,
        summed.subscription_id,
        summed.component_id,
        summed.currency,
        summed.meter,
        summed.period_end
    ) AS BIGINT
  ) AS charge_id,
  summed.pool_id AS pool_id,
  summed.account_id AS account_id,
  summed.subscription_id AS subscription_id,
  summed.period_start AS period_start,
  summed.period_end AS period_end,
  summed.component_id AS component_id,
  summed.component_kind AS component_kind,
  summed.meter AS meter,
  summed.currency AS currency,
  summed.digits AS digits,
  summed.quantity AS quantity,
  summed.amount AS amount
FROM summed
