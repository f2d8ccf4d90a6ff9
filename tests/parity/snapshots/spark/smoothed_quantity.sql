/* Smoothed revenue with its quantity averaged over the same months, so that its changes still split into price and volume. */
WITH pair AS (
  SELECT
    source.month AS source_month,
    target.month AS target_month
  FROM month_spine AS source
  JOIN month_spine AS target
    ON (
      'none' <> 'quarter_x4'
      AND target.month BETWEEN source.month AND source.month + 3 - 1
    )
    OR (
      'none' = 'quarter_x4'
      AND target.month BETWEEN source.month + 2 - (
        source.month + 0
      ) % 3 AND source.month + 4 - (
        source.month + 0
      ) % 3
    )
  WHERE
    target.month <= 24293 AND source.month >= 0
), series AS (
  SELECT
    run_rate.account_id AS account_id,
    run_rate.product_id AS product_id,
    run_rate.contract_id AS contract_id,
    run_rate.currency AS currency,
    run_rate.month AS month,
    run_rate.quantity AS quantity,
    CASE
      WHEN run_rate.quantity IS NULL AND run_rate.native_amount <> 0
      THEN 1
      ELSE 0
    END AS is_unmeasured,
    MIN(run_rate.month) OVER (
      PARTITION BY run_rate.account_id, run_rate.product_id, run_rate.contract_id, run_rate.currency
    ) AS first_month
  FROM run_rate
), summed AS (
  SELECT
    series.account_id AS account_id,
    series.product_id AS product_id,
    series.contract_id AS contract_id,
    series.currency AS currency,
    pair.target_month AS month,
    CAST(CASE
      WHEN 'none' = 'quarter_x4'
      THEN 3
      ELSE LEAST(3, pair.target_month - MIN(series.first_month) + 1)
    END AS BIGINT) AS months,
    CAST(SUM(series.quantity) AS DECIMAL(38, 6)) AS quantity,
    MAX(series.is_unmeasured) AS is_unmeasured
  FROM series
  JOIN pair
    ON pair.source_month = series.month
  GROUP BY
    series.account_id,
    series.product_id,
    series.contract_id,
    series.currency,
    pair.target_month
), counted AS (
  SELECT
    summed.account_id AS account_id,
    summed.product_id AS product_id,
    summed.contract_id AS contract_id,
    summed.currency AS currency,
    summed.month AS month,
    summed.months AS months,
    CASE WHEN summed.quantity < 0 THEN -1 ELSE 1 END AS sign,
    CASE
      WHEN summed.is_unmeasured = 0
      THEN CAST(CAST(ABS(summed.quantity) AS DECIMAL(38, 6)) * 1000000 AS BIGINT)
    END AS millionths
  FROM summed
), meant AS (
  SELECT
    counted.account_id AS account_id,
    counted.product_id AS product_id,
    counted.contract_id AS contract_id,
    counted.currency AS currency,
    counted.month AS month,
    CAST(CAST(counted.sign * (
      counted.millionths DIV counted.months + (
        2 * (
          counted.millionths % counted.months
        ) + counted.months
      ) DIV (
        2 * counted.months
      )
    ) AS DECIMAL(38, 0)) * CAST(0.000001 AS DECIMAL(7, 6)) AS DECIMAL(18, 6)) AS quantity
  FROM counted
)
SELECT
  smoothed.account_id AS account_id,
  smoothed.product_id AS product_id,
  smoothed.contract_id AS contract_id,
  smoothed.currency AS currency,
  smoothed.month AS month,
  smoothed.rate_on AS rate_on,
  smoothed.native_amount AS native_amount,
  smoothed.usage_amount AS usage_amount,
  CASE
    WHEN FALSE OR smoothed.usage_amount = smoothed.native_amount
    THEN meant.quantity
    WHEN smoothed.usage_amount = 0
    THEN smoothed.quantity
  END AS quantity,
  smoothed.held AS held
FROM smoothed_amount AS smoothed
LEFT JOIN meant
  ON meant.account_id = smoothed.account_id
  AND meant.product_id = smoothed.product_id
  AND meant.contract_id = smoothed.contract_id
  AND meant.currency = smoothed.currency
  AND meant.month = smoothed.month
