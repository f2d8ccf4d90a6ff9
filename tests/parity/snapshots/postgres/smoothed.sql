/* Means over the months of the policy's window, fewer while the customer's product is younger; exact integers inside. */
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
), split AS (
  SELECT
    monthly.account_id AS account_id,
    monthly.product_id AS product_id,
    monthly.contract_id AS contract_id,
    monthly.currency AS currency,
    monthly.month AS month,
    CASE WHEN FALSE THEN monthly.native_amount ELSE monthly.usage_amount END AS moving_amount,
    monthly.usage_amount AS usage_amount,
    MIN(monthly.month) OVER (
      PARTITION BY monthly.account_id, monthly.product_id, monthly.contract_id, monthly.currency
    ) AS first_month
  FROM run_rate AS monthly
), summed AS (
  SELECT
    split.account_id AS account_id,
    split.product_id AS product_id,
    split.contract_id AS contract_id,
    split.currency AS currency,
    pair.target_month AS month,
    CAST(CASE
      WHEN 'none' = 'quarter_x4'
      THEN 3
      ELSE LEAST(3, pair.target_month - split.first_month + 1)
    END AS BIGINT) AS months,
    SUM(split.moving_amount) AS moving_amount,
    SUM(split.usage_amount) AS usage_amount
  FROM split
  JOIN pair
    ON pair.source_month = split.month
  GROUP BY
    split.account_id,
    split.product_id,
    split.contract_id,
    split.currency,
    pair.target_month,
    CASE
      WHEN 'none' = 'quarter_x4'
      THEN 3
      ELSE LEAST(3, pair.target_month - split.first_month + 1)
    END
), meant AS (
  SELECT
    summed.account_id AS account_id,
    summed.product_id AS product_id,
    summed.contract_id AS contract_id,
    summed.currency AS currency,
    summed.month AS month,
    CASE WHEN summed.moving_amount < 0 THEN -1 ELSE 1 END AS moving_sign,
    DIV(
      (
        CAST(ABS(summed.moving_amount) * 20000 AS BIGINT) + summed.months
      ),
      (
        2 * summed.months
      )
    ) AS moving_units,
    CASE WHEN summed.usage_amount < 0 THEN -1 ELSE 1 END AS usage_sign,
    DIV(
      (
        CAST(ABS(summed.usage_amount) * 20000 AS BIGINT) + summed.months
      ),
      (
        2 * summed.months
      )
    ) AS usage_units
  FROM summed
), either AS (
  SELECT
    meant.account_id AS account_id,
    meant.product_id AS product_id,
    meant.contract_id AS contract_id,
    meant.currency AS currency,
    meant.month AS month,
    CAST(CAST(meant.moving_sign * meant.moving_units AS DECIMAL(18, 0)) * CAST(0.0001 AS DECIMAL(5, 4)) AS DECIMAL(18, 4)) AS native_amount,
    CAST(CAST(meant.usage_sign * meant.usage_units AS DECIMAL(18, 0)) * CAST(0.0001 AS DECIMAL(5, 4)) AS DECIMAL(18, 4)) AS usage_amount,
    CAST(NULL AS DECIMAL(18, 6)) AS quantity,
    0 AS held
  FROM meant
  UNION ALL
  SELECT
    monthly.account_id AS account_id,
    monthly.product_id AS product_id,
    monthly.contract_id AS contract_id,
    monthly.currency AS currency,
    monthly.month AS month,
    CASE
      WHEN FALSE
      THEN CAST(0 AS DECIMAL(18, 4))
      ELSE CAST(monthly.native_amount - monthly.usage_amount AS DECIMAL(18, 4))
    END AS native_amount,
    CAST(0 AS DECIMAL(18, 4)) AS usage_amount,
    CASE WHEN FALSE THEN NULL ELSE monthly.quantity END AS quantity,
    monthly.held AS held
  FROM run_rate AS monthly
)
SELECT
  either.account_id AS account_id,
  either.product_id AS product_id,
  either.contract_id AS contract_id,
  either.currency AS currency,
  either.month AS month,
  spine.last_day AS rate_on,
  CAST(SUM(either.native_amount) AS DECIMAL(18, 4)) AS native_amount,
  CAST(SUM(either.usage_amount) AS DECIMAL(18, 4)) AS usage_amount,
  CAST(SUM(either.quantity) AS DECIMAL(18, 6)) AS quantity,
  MAX(either.held) AS held
FROM either
JOIN month_spine AS spine
  ON spine.month = either.month
GROUP BY
  either.account_id,
  either.product_id,
  either.contract_id,
  either.currency,
  either.month,
  spine.last_day
