-- What counts towards a minimum or an ELA in each of its periods: charges of its pool, currency or meter, and scope.
WITH counted AS (
  SELECT
    commitment_period.commitment_id AS commitment_id,
    commitment_period.ordinal AS ordinal,
    charge.charge_id AS charge_id,
    MAX(charge.amount) AS amount,
    MAX(charge.quantity) AS quantity,
    MAX(charge.currency) AS currency
  FROM charge
  JOIN commitment_period ON commitment_period.pool_id = charge.pool_id
  JOIN commitment_scope ON commitment_scope.commitment_id = commitment_period.commitment_id
  WHERE charge.period_start >= commitment_period.period_start
    AND charge.period_start < commitment_period.period_end
    AND (commitment_period.only_account_id = '' OR commitment_period.only_account_id = charge.account_id)
    AND (commitment_period.currency = '' OR commitment_period.currency = charge.currency)
    AND (commitment_period.measure = 'amount' OR commitment_period.meter = charge.meter)
    AND (
      commitment_scope.target = ''
      OR commitment_scope.target = charge.component_id
      OR commitment_scope.target = charge.component_kind
    )
  GROUP BY commitment_period.commitment_id, commitment_period.ordinal, charge.charge_id
)
SELECT
  counted.commitment_id AS commitment_id,
  counted.ordinal AS ordinal,
  MAX(counted.currency) AS currency,
  GREATEST(CAST(SUM(counted.amount) AS DECIMAL(38,6)), CAST(0 AS DECIMAL(38,6))) AS amount,
  GREATEST(CAST(SUM(counted.quantity) AS DECIMAL(38,6)), CAST(0 AS DECIMAL(38,6))) AS quantity
FROM counted
GROUP BY counted.commitment_id, counted.ordinal
