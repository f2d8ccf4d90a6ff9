-- What balances and credits paid, and what they held afterwards.
WITH paid AS (
  SELECT
    unit_payment.slice_id AS slice_id,
    unit_payment.charge_id AS charge_id,
    unit_payment.drawn_quantity AS drawn_quantity,
    unit_payment.drawn_amount AS drawn_amount,
    unit_payment.drawn_quantity AS drawn
  FROM unit_payment
  UNION ALL
  SELECT
    payments_amount.slice_id AS slice_id,
    payments_amount.charge_id AS charge_id,
    CAST(0 AS DECIMAL(38,6)) AS drawn_quantity,
    payments_amount.drawn AS drawn_amount,
    payments_amount.drawn AS drawn
  FROM payments_amount
),
opening AS (
  SELECT grant_slice.commitment_id AS commitment_id, closed.available AS available
  FROM grant_slice
  JOIN closed ON closed.slice_id = grant_slice.slice_id
  WHERE grant_slice.is_first = 1
)
SELECT
  grant_slice.commitment_id AS commitment_id,
  charge.account_id AS account_id,
  charge.subscription_id AS subscription_id,
  charge.period_start AS period_start,
  charge.period_end AS period_end,
  charge.component_id AS component_id,
  charge.currency AS currency,
  CAST(paid.drawn_amount AS DECIMAL(18,4)) AS drawn_amount,
  CAST(paid.drawn_quantity AS DECIMAL(18,6)) AS drawn_quantity,
  grant_slice.measure AS measure,
  CAST(
    opening.available - SUM(paid.drawn) OVER (
      PARTITION BY grant_slice.commitment_id ORDER BY charge.charge_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS DECIMAL(18,6)
  ) AS balance
FROM paid
JOIN grant_slice ON grant_slice.slice_id = paid.slice_id
JOIN charge ON charge.charge_id = paid.charge_id
JOIN opening ON opening.commitment_id = grant_slice.commitment_id
