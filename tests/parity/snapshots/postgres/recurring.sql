/* a(t): recurring revenue in the billing currency and in the reporting currency, rounded once. */
WITH converted AS (
  SELECT
    smoothed.account_id AS account_id,
    smoothed.product_id AS product_id,
    smoothed.contract_id AS contract_id,
    smoothed.currency AS currency,
    smoothed.month AS month,
    smoothed.native_amount AS native_amount,
    reporting_rate.rate AS rate,
    CAST(ROUND(
      CAST(CAST(smoothed.native_amount AS DECIMAL(38, 4)) * reporting_rate.rate AS DECIMAL(38, 12)),
      4
    ) AS DECIMAL(18, 4)) AS recurring_amount,
    CAST(ROUND(
      CAST(CAST(smoothed.usage_amount AS DECIMAL(38, 4)) * reporting_rate.rate AS DECIMAL(38, 12)),
      4
    ) AS DECIMAL(18, 4)) AS usage_amount,
    smoothed.quantity AS quantity,
    smoothed.held AS held
  FROM smoothed
  JOIN reporting_rate
    ON reporting_rate.currency = smoothed.currency
    AND CASE
      WHEN 'floating' = 'constant'
      THEN CAST('2024-06-30' AS DATE)
      ELSE smoothed.rate_on
    END >= reporting_rate.from_on
    AND CASE
      WHEN 'floating' = 'constant'
      THEN CAST('2024-06-30' AS DATE)
      ELSE smoothed.rate_on
    END < reporting_rate.to_on
)
SELECT
  converted.account_id AS account_id,
  converted.product_id AS product_id,
  converted.contract_id AS contract_id,
  converted.currency AS currency,
  converted.month AS month,
  CAST(SUM(converted.native_amount) AS DECIMAL(18, 4)) AS native_amount,
  MAX(converted.rate) AS rate,
  CAST(SUM(converted.recurring_amount) AS DECIMAL(18, 4)) AS recurring_amount,
  CAST(SUM(converted.usage_amount) AS DECIMAL(18, 4)) AS usage_amount,
  CAST(SUM(converted.quantity) AS DECIMAL(18, 6)) AS quantity
FROM converted
GROUP BY
  converted.account_id,
  converted.product_id,
  converted.contract_id,
  converted.currency,
  converted.month
HAVING
  SUM(converted.native_amount) <> 0 OR MAX(converted.held) = 1
