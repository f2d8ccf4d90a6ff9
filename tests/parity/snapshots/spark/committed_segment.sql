/* What was promised to be consumed, as stretches that run at a price: minimums and fixed prices for all use, by the months of */
/* their term; minimums of contract lines. The kind stands where a product would. */
SELECT
  commitment.account_id AS account_id,
  commitment.kind AS product_id,
  COALESCE(commitment.contract_id, '') AS contract_id,
  commitment.commitment_id AS line_id,
  commitment.currency AS currency,
  'rate' AS treatment,
  commitment.starts_on AS starts_on,
  CASE
    WHEN commitment.voided_on < COALESCE(commitment.ends_on, CAST('2024-08-01' AS DATE))
    THEN GREATEST(commitment.voided_on, commitment.starts_on)
    ELSE COALESCE(commitment.ends_on, CAST('2024-08-01' AS DATE))
  END AS ends_on,
  COALESCE(commitment.ends_on, CAST('2024-08-01' AS DATE)) AS period_end,
  CASE
    WHEN commitment.ends_on IS NULL
    OR (
      commitment.kind = 'minimum' AND commitment.true_up = 'period'
    )
    THEN 'month'
    ELSE ''
  END AS billing_interval,
  1 AS interval_count,
  commitment.amount AS amount,
  CAST(NULL AS DECIMAL(18, 6)) AS quantity,
  CAST(NULL AS DATE) AS paused_from,
  CAST(NULL AS DATE) AS paused_to,
  commitment.known_at AS known_at
FROM commitment
WHERE
  commitment.known_at <= CAST('9999-01-01 00:00:00' AS TIMESTAMP_NTZ)
  AND NOT commitment.amount IS NULL
  AND commitment.meter IS NULL
  AND commitment.starts_on < COALESCE(commitment.ends_on, CAST('2024-08-01' AS DATE))
  AND (
    commitment.kind = 'ela'
    OR (
      commitment.kind = 'minimum'
      AND (
        NOT commitment.ends_on IS NULL OR commitment.true_up = 'period'
      )
    )
  )
UNION ALL
SELECT
  contract_segment.account_id AS account_id,
  'contract_line' AS product_id,
  contract_segment.contract_id AS contract_id,
  contract_segment.line_id AS line_id,
  contract_segment.currency AS currency,
  contract_segment.treatment AS treatment,
  contract_segment.starts_on AS starts_on,
  contract_segment.ends_on AS ends_on,
  contract_segment.period_end AS period_end,
  contract_segment.billing_interval AS billing_interval,
  contract_segment.interval_count AS interval_count,
  contract_segment.amount AS amount,
  contract_segment.quantity AS quantity,
  contract_segment.paused_from AS paused_from,
  contract_segment.paused_to AS paused_to,
  contract_segment.known_at AS known_at
FROM contract_segment
JOIN contract_line
  ON contract_line.contract_line_id = contract_segment.line_id
WHERE
  contract_line.kind = 'usage'
