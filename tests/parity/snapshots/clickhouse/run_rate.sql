/* FC-06: usage in a month that people tagged as one-off counts at most as much as in the last month without a tag. */
WITH marked AS (
  SELECT
    monthly.account_id AS account_id,
    monthly.product_id AS product_id,
    monthly.contract_id AS contract_id,
    monthly.currency AS currency,
    monthly.month AS month,
    monthly.rate_on AS rate_on,
    monthly.native_amount AS native_amount,
    monthly.usage_amount AS usage_amount,
    monthly.quantity AS quantity,
    monthly.held AS held,
    CASE
      WHEN EXISTS(
        SELECT
          1 AS hit
        FROM tag
        WHERE
          tag.tag = 'one_off'
          AND tag.account_id = monthly.account_id
          AND (
            tag.product_id = '' OR tag.product_id = monthly.product_id
          )
          AND monthly.month BETWEEN tag.first_month AND tag.last_month
      )
      THEN 1
      ELSE 0
    END AS is_tagged
  FROM monthly
), usual AS (
  SELECT
    marked.account_id AS account_id,
    marked.product_id AS product_id,
    marked.contract_id AS contract_id,
    marked.currency AS currency,
    marked.month AS month,
    MAX(earlier.month) AS usual_month
  FROM marked
  JOIN marked AS earlier
    ON earlier.account_id = marked.account_id
    AND earlier.product_id = marked.product_id
    AND earlier.contract_id = marked.contract_id
    AND earlier.currency = marked.currency
    AND earlier.month < marked.month
    AND earlier.is_tagged = 0
  WHERE
    marked.is_tagged = 1
  GROUP BY
    marked.account_id,
    marked.product_id,
    marked.contract_id,
    marked.currency,
    marked.month
), capped AS (
  SELECT
    marked.account_id AS account_id,
    marked.product_id AS product_id,
    marked.contract_id AS contract_id,
    marked.currency AS currency,
    marked.month AS month,
    marked.rate_on AS rate_on,
    marked.native_amount AS native_amount,
    marked.usage_amount AS usage_amount,
    CASE
      WHEN marked.is_tagged = 1
      THEN LEAST(
        marked.usage_amount,
        COALESCE(base.usage_amount, CAST('0' AS Nullable(Decimal(18, 4))))
      )
      ELSE marked.usage_amount
    END AS kept_amount,
    marked.quantity AS quantity,
    marked.held AS held
  FROM marked
  LEFT JOIN usual
    ON usual.account_id = marked.account_id
    AND usual.product_id = marked.product_id
    AND usual.contract_id = marked.contract_id
    AND usual.currency = marked.currency
    AND usual.month = marked.month
  LEFT JOIN marked AS base
    ON base.account_id = usual.account_id
    AND base.product_id = usual.product_id
    AND base.contract_id = usual.contract_id
    AND base.currency = usual.currency
    AND base.month = usual.usual_month
)
SELECT
  capped.account_id AS account_id,
  capped.product_id AS product_id,
  capped.contract_id AS contract_id,
  capped.currency AS currency,
  capped.month AS month,
  capped.rate_on AS rate_on,
  CAST(capped.native_amount - capped.usage_amount + capped.kept_amount AS Nullable(Decimal(18, 4))) AS native_amount,
  capped.kept_amount AS usage_amount,
  capped.quantity AS quantity,
  capped.held AS held
FROM capped
