-- Each period of a commitment: what is promised in it, what was consumed in it and up to it, in the commitment's measure.
WITH counted AS (
  SELECT
    commitment_period.commitment_id AS commitment_id,
    commitment_period.ordinal AS ordinal,
    COALESCE(consumed.amount, CAST(0 AS DECIMAL(38,6))) AS rated_amount,
    CASE
      WHEN commitment_period.measure = 'quantity' THEN COALESCE(consumed.quantity, CAST(0 AS DECIMAL(38,6)))
      ELSE COALESCE(consumed.amount, CAST(0 AS DECIMAL(38,6)))
    END AS consumed,
    CASE WHEN commitment_period.currency <> '' THEN commitment_period.currency ELSE COALESCE(consumed.currency, '') END AS currency,
    commitment_period.timing AS timing,
    commitment_period.is_due AS is_due,
    CAST(commitment_period.committed_units AS BIGINT) AS committed_units,
    CAST(commitment_period.covered_days AS BIGINT) AS covered_days,
    CAST(commitment_period.period_days AS BIGINT) AS period_days,
    commitment_period.unit_amount AS unit_amount,
    commitment_period.kind AS kind,
    commitment_period.measure AS measure,
    commitment_period.account_id AS account_id,
    commitment_period.period_start AS period_start,
    commitment_period.period_end AS period_end,
    commitment_period.price_amount AS price_amount,
    commitment_period.price_per AS price_per,
    commitment_period.elapsed_before AS elapsed_before,
    commitment_period.elapsed_through AS elapsed_through,
    commitment_period.term_days AS term_days,
    commitment_period.overage_factor AS overage_factor
  FROM commitment_period
  LEFT JOIN consumed
    ON consumed.commitment_id = commitment_period.commitment_id AND consumed.ordinal = commitment_period.ordinal
),
promised AS (
  SELECT
    counted.commitment_id AS commitment_id,
    counted.ordinal AS ordinal,
    counted.rated_amount AS rated_amount,
    counted.consumed AS consumed,
    counted.currency AS currency,
    counted.timing AS timing,
    counted.is_due AS is_due,
    counted.kind AS kind,
    counted.measure AS measure,
    counted.account_id AS account_id,
    counted.period_start AS period_start,
    counted.period_end AS period_end,
    counted.price_amount AS price_amount,
    counted.price_per AS price_per,
    counted.elapsed_before AS elapsed_before,
    counted.elapsed_through AS elapsed_through,
    counted.term_days AS term_days,
    counted.overage_factor AS overage_factor,
    CAST(
      CAST(
        CASE
          WHEN counted.timing = 'period' THEN (counted.committed_units // counted.period_days) * counted.covered_days
            + (2 * (counted.committed_units % counted.period_days) * counted.covered_days + counted.period_days)
            // (2 * counted.period_days)
          ELSE counted.committed_units
        END AS DECIMAL(38,0)
      ) * counted.unit_amount AS DECIMAL(38,6)
    ) AS committed,
    CAST(
      CASE
        WHEN counted.timing = 'period' THEN counted.consumed
        ELSE SUM(counted.consumed) OVER (
          PARTITION BY counted.commitment_id ORDER BY counted.ordinal ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        )
      END AS DECIMAL(38,6)
    ) AS consumed_through,
    CAST(
      CASE
        WHEN counted.timing = 'period' THEN counted.rated_amount
        ELSE SUM(counted.rated_amount) OVER (
          PARTITION BY counted.commitment_id ORDER BY counted.ordinal ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        )
      END AS DECIMAL(38,6)
    ) AS rated_through
  FROM counted
)
SELECT
  promised.commitment_id AS commitment_id,
  promised.ordinal AS ordinal,
  promised.currency AS currency,
  promised.kind AS kind,
  promised.measure AS measure,
  promised.account_id AS account_id,
  promised.period_start AS period_start,
  promised.period_end AS period_end,
  promised.price_amount AS price_amount,
  promised.price_per AS price_per,
  promised.elapsed_before AS elapsed_before,
  promised.elapsed_through AS elapsed_through,
  promised.term_days AS term_days,
  promised.overage_factor AS overage_factor,
  COALESCE(commitment_currency.digits, 2) AS digits,
  promised.rated_amount AS rated_amount,
  promised.consumed AS consumed,
  promised.consumed_through AS consumed_through,
  promised.rated_through AS rated_through,
  promised.committed AS committed,
  CAST(
    LEAST(promised.committed, promised.consumed_through)
    - LEAST(promised.committed, promised.consumed_through - promised.consumed) AS DECIMAL(38,6)
  ) AS within,
  CASE
    WHEN promised.is_due = 1 THEN CAST(GREATEST(promised.committed - promised.consumed_through, CAST(0 AS DECIMAL(38,6))) AS DECIMAL(38,6))
    ELSE CAST(0 AS DECIMAL(38,6))
  END AS missing
FROM promised
LEFT JOIN commitment_currency ON commitment_currency.currency = promised.currency
