/* What is committed, and the usage that goes beyond it: use within a commitment is paid by the commitment (largest remainder over */
/* the products used; weights are cut to nine digits, the parts still add up). A fixed price for all use leaves none beyond it. */
WITH promised AS (
  SELECT
    committed.account_id AS account_id,
    committed.currency AS currency,
    committed.month AS month,
    MAX(CASE WHEN committed.product_id = 'ela' THEN 1 ELSE 0 END) AS covers_all,
    CAST(SUM(committed.amount) AS DECIMAL(18, 4)) AS amount
  FROM committed_month AS committed
  GROUP BY
    committed.account_id,
    committed.currency,
    committed.month
), used AS (
  SELECT
    usual.account_id AS account_id,
    usual.currency AS currency,
    usual.month AS month,
    CAST(SUM(
      CASE
        WHEN usual.usage_amount > 0
        THEN usual.usage_amount
        ELSE CAST(0 AS DECIMAL(18, 4))
      END
    ) AS DECIMAL(18, 4)) AS amount
  FROM usual_month AS usual
  GROUP BY
    usual.account_id,
    usual.currency,
    usual.month
), rest AS (
  SELECT
    promised.account_id AS account_id,
    promised.currency AS currency,
    promised.month AS month,
    CASE
      WHEN promised.covers_all = 1
      THEN CAST(0 AS BIGINT)
      ELSE CAST(CAST(GREATEST(used.amount - promised.amount, CAST(0 AS DECIMAL(18, 4))) AS DECIMAL(38, 4)) * 10000 AS BIGINT)
    END AS units,
    DIV(CAST(CAST(used.amount AS DECIMAL(38, 4)) * 10000 AS BIGINT), 1000000000) + 1 AS cut
  FROM promised
  JOIN used
    ON used.account_id = promised.account_id
    AND used.currency = promised.currency
    AND used.month = promised.month
), weighed AS (
  SELECT
    usual.account_id AS account_id,
    usual.product_id AS product_id,
    usual.contract_id AS contract_id,
    usual.currency AS currency,
    usual.month AS month,
    usual.rate_on AS rate_on,
    usual.native_amount AS native_amount,
    usual.usage_amount AS usage_amount,
    usual.held AS held,
    rest.units AS units,
    CASE
      WHEN usual.usage_amount > 0
      THEN DIV(CAST(CAST(usual.usage_amount AS DECIMAL(38, 4)) * 10000 AS BIGINT), rest.cut)
      ELSE CAST(0 AS BIGINT)
    END AS weight
  FROM usual_month AS usual
  JOIN rest
    ON rest.account_id = usual.account_id
    AND rest.currency = usual.currency
    AND rest.month = usual.month
), whole AS (
  SELECT
    weighed.account_id AS account_id,
    weighed.currency AS currency,
    weighed.month AS month,
    GREATEST(CAST(SUM(weighed.weight) AS BIGINT), CAST(1 AS BIGINT)) AS weight
  FROM weighed
  GROUP BY
    weighed.account_id,
    weighed.currency,
    weighed.month
), parted AS (
  SELECT
    weighed.account_id AS account_id,
    weighed.product_id AS product_id,
    weighed.contract_id AS contract_id,
    weighed.currency AS currency,
    weighed.month AS month,
    weighed.rate_on AS rate_on,
    weighed.native_amount AS native_amount,
    weighed.usage_amount AS usage_amount,
    weighed.held AS held,
    weighed.units AS units,
    (
      DIV(weighed.units, whole.weight)
    ) * weighed.weight + DIV((
      (
        weighed.units % whole.weight
      ) * weighed.weight
    ), whole.weight) AS whole_units,
    (
      (
        weighed.units % whole.weight
      ) * weighed.weight
    ) % whole.weight AS remainder
  FROM weighed
  JOIN whole
    ON whole.account_id = weighed.account_id
    AND whole.currency = weighed.currency
    AND whole.month = weighed.month
), ranked AS (
  SELECT
    parted.account_id AS account_id,
    parted.product_id AS product_id,
    parted.contract_id AS contract_id,
    parted.currency AS currency,
    parted.month AS month,
    parted.rate_on AS rate_on,
    parted.native_amount AS native_amount,
    parted.usage_amount AS usage_amount,
    parted.held AS held,
    parted.whole_units AS whole_units,
    parted.units - SUM(parted.whole_units) OVER (PARTITION BY parted.account_id, parted.currency, parted.month) AS left_over,
    ROW_NUMBER() OVER (
      PARTITION BY parted.account_id, parted.currency, parted.month
      ORDER BY parted.remainder DESC NULLS LAST, parted.product_id, parted.contract_id, parted.rate_on
    ) AS remainder_rank
  FROM parted
), beyond AS (
  SELECT
    ranked.account_id AS account_id,
    ranked.product_id AS product_id,
    ranked.contract_id AS contract_id,
    ranked.currency AS currency,
    ranked.month AS month,
    ranked.rate_on AS rate_on,
    CAST(ranked.native_amount - ranked.usage_amount AS DECIMAL(18, 4)) AS fixed_amount,
    CASE
      WHEN ranked.usage_amount <= 0
      THEN ranked.usage_amount
      ELSE CAST(CAST(ranked.whole_units + CASE WHEN ranked.remainder_rank <= ranked.left_over THEN 1 ELSE 0 END AS DECIMAL(18, 0)) * CAST(0.0001 AS DECIMAL(5, 4)) AS DECIMAL(18, 4))
    END AS usage_amount,
    ranked.held AS held
  FROM ranked
)
SELECT
  usual.account_id AS account_id,
  usual.product_id AS product_id,
  usual.contract_id AS contract_id,
  usual.currency AS currency,
  usual.month AS month,
  usual.rate_on AS rate_on,
  usual.native_amount AS native_amount,
  usual.usage_amount AS usage_amount,
  usual.quantity AS quantity,
  usual.held AS held
FROM usual_month AS usual
WHERE
  NOT EXISTS(
    SELECT
      1 AS hit
    FROM promised
    WHERE
      promised.account_id = usual.account_id
      AND promised.currency = usual.currency
      AND promised.month = usual.month
  )
UNION ALL
SELECT
  beyond.account_id AS account_id,
  beyond.product_id AS product_id,
  beyond.contract_id AS contract_id,
  beyond.currency AS currency,
  beyond.month AS month,
  beyond.rate_on AS rate_on,
  CAST(beyond.fixed_amount + beyond.usage_amount AS DECIMAL(18, 4)) AS native_amount,
  beyond.usage_amount AS usage_amount,
  CAST(NULL AS DECIMAL(18, 6)) AS quantity,
  beyond.held AS held
FROM beyond
UNION ALL
SELECT
  committed.account_id AS account_id,
  'commitment' AS product_id,
  CASE WHEN FALSE THEN committed.contract_id ELSE '' END AS contract_id,
  committed.currency AS currency,
  committed.month AS month,
  committed.rate_on AS rate_on,
  CAST(SUM(committed.amount) AS DECIMAL(18, 4)) AS native_amount,
  CAST(0 AS DECIMAL(18, 4)) AS usage_amount,
  CAST(NULL AS DECIMAL(18, 6)) AS quantity,
  1 AS held
FROM committed_month AS committed
WHERE
  committed.product_id <> 'contract_line'
GROUP BY
  committed.account_id,
  CASE WHEN FALSE THEN committed.contract_id ELSE '' END,
  committed.currency,
  committed.month,
  committed.rate_on
