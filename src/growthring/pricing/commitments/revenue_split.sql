-- Revenue of a stretch of periods by family and currency: usage, fees, and what commitments hold of them.
WITH billed AS (
  SELECT
    charge.pool_id AS pool_id,
    charge.currency AS currency,
    SUM(CASE WHEN charge.component_kind = 'usage' THEN charge.amount ELSE CAST(0 AS DECIMAL(38,6)) END) AS usage_amount,
    SUM(CASE WHEN charge.component_kind <> 'usage' THEN charge.amount ELSE CAST(0 AS DECIMAL(38,6)) END) AS fee_amount,
    SUM(
      CASE
        WHEN charge.component_kind <> 'usage' AND contract.contract_id IS NOT NULL THEN charge.amount
        ELSE CAST(0 AS DECIMAL(38,6))
      END
    ) AS contracted_amount
  FROM charge
  LEFT JOIN contract ON contract.contract_id = charge.subscription_id
  WHERE charge.period_start >= $since
  GROUP BY charge.pool_id, charge.currency
),
held AS (
  SELECT
    COALESCE(pool.pool_id, drawdown.account_id) AS pool_id,
    drawdown.currency AS currency,
    CASE WHEN commitment.kind = 'prepaid' THEN CAST(drawdown.drawn_amount AS DECIMAL(38,6)) ELSE CAST(0 AS DECIMAL(38,6)) END AS covered,
    CASE WHEN commitment.kind = 'credit' THEN CAST(drawdown.drawn_amount AS DECIMAL(38,6)) ELSE CAST(0 AS DECIMAL(38,6)) END AS given,
    CAST(0 AS DECIMAL(38,6)) AS replaced,
    CAST(0 AS DECIMAL(38,6)) AS added
  FROM drawdown
  JOIN commitment ON commitment.commitment_id = drawdown.commitment_id
  LEFT JOIN pool ON pool.account_id = drawdown.account_id
  WHERE drawdown.period_start >= $since
  UNION ALL
  SELECT
    COALESCE(pool.pool_id, commitment_charge.account_id) AS pool_id,
    commitment_charge.currency AS currency,
    CASE WHEN commitment_charge.kind = 'minimum' THEN CAST(commitment_charge.utilised_amount AS DECIMAL(38,6)) ELSE CAST(0 AS DECIMAL(38,6)) END AS covered,
    CAST(0 AS DECIMAL(38,6)) AS given,
    CASE WHEN commitment_charge.kind = 'ela' THEN CAST(commitment_charge.rated_amount AS DECIMAL(38,6)) ELSE CAST(0 AS DECIMAL(38,6)) END AS replaced,
    CASE
      WHEN commitment_charge.kind = 'ela' THEN CAST(commitment_charge.utilised_amount AS DECIMAL(38,6))
      ELSE CAST(commitment_charge.true_up_amount AS DECIMAL(38,6))
    END AS added
  FROM commitment_charge
  LEFT JOIN pool ON pool.account_id = commitment_charge.account_id
  WHERE commitment_charge.period_start >= $since AND commitment_charge.currency <> ''
),
sides AS (
  SELECT
    billed.pool_id AS pool_id,
    billed.currency AS currency,
    billed.usage_amount AS usage_amount,
    billed.fee_amount AS fee_amount,
    billed.contracted_amount AS contracted_amount,
    CAST(0 AS DECIMAL(38,6)) AS covered,
    CAST(0 AS DECIMAL(38,6)) AS given,
    CAST(0 AS DECIMAL(38,6)) AS replaced,
    CAST(0 AS DECIMAL(38,6)) AS added
  FROM billed
  UNION ALL
  SELECT
    held.pool_id AS pool_id,
    held.currency AS currency,
    CAST(0 AS DECIMAL(38,6)) AS usage_amount,
    CAST(0 AS DECIMAL(38,6)) AS fee_amount,
    CAST(0 AS DECIMAL(38,6)) AS contracted_amount,
    held.covered AS covered,
    held.given AS given,
    held.replaced AS replaced,
    held.added AS added
  FROM held
),
summed AS (
  SELECT
    sides.pool_id AS pool_id,
    sides.currency AS currency,
    CAST(SUM(sides.usage_amount) AS DECIMAL(38,6)) AS usage_amount,
    CAST(SUM(sides.fee_amount) AS DECIMAL(38,6)) AS fee_amount,
    CAST(SUM(sides.contracted_amount) AS DECIMAL(38,6)) AS contracted_amount,
    CAST(SUM(sides.covered) AS DECIMAL(38,6)) AS covered,
    CAST(SUM(sides.given) + SUM(sides.replaced) AS DECIMAL(38,6)) AS not_paid,
    CAST(SUM(sides.added) AS DECIMAL(38,6)) AS added
  FROM sides
  GROUP BY sides.pool_id, sides.currency
),
paid AS (
  SELECT
    summed.pool_id AS pool_id,
    summed.currency AS currency,
    GREATEST(CAST(summed.usage_amount - summed.not_paid AS DECIMAL(38,6)), CAST(0 AS DECIMAL(38,6))) AS usage_amount,
    CAST(
      summed.fee_amount
      - GREATEST(CAST(summed.not_paid - GREATEST(summed.usage_amount, CAST(0 AS DECIMAL(38,6))) AS DECIMAL(38,6)), CAST(0 AS DECIMAL(38,6)))
      AS DECIMAL(38,6)
    ) AS fee_amount,
    summed.contracted_amount AS contracted_amount,
    summed.covered AS covered,
    summed.added AS added
  FROM summed
)
SELECT
  paid.pool_id AS account_id,
  paid.currency AS currency,
  CAST(paid.usage_amount AS DECIMAL(18,4)) AS usage_amount,
  CAST(paid.fee_amount AS DECIMAL(18,4)) AS fee_amount,
  CAST(paid.contracted_amount AS DECIMAL(18,4)) AS contract_fee_amount,
  CAST(paid.covered AS DECIMAL(18,4)) AS covered_amount,
  CAST(paid.added AS DECIMAL(18,4)) AS fixed_amount
FROM paid
