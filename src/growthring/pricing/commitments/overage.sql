-- What balances in force did not cover, at the overage factor of the one that ran out last.
WITH ran_out AS (
  SELECT
    payable.charge_id AS charge_id,
    MAX((CASE WHEN payable.measure = 'amount' THEN 100000 ELSE 0 END + payable.pass) * 1000000000000 + payable.slice_id) % 1000000000000
    AS slice_id
  FROM payable
  JOIN left_in_money ON left_in_money.charge_id = payable.charge_id
  WHERE left_in_money.unpaid > 0
  GROUP BY payable.charge_id
),
unpaid AS (
  SELECT
    charge.account_id AS account_id,
    charge.subscription_id AS subscription_id,
    charge.period_start AS period_start,
    charge.period_end AS period_end,
    charge.component_id AS component_id,
    charge.currency AS currency,
    charge.digits AS digits,
    grant_slice.commitment_id AS commitment_id,
    grant_slice.overage_factor AS overage_factor,
    left_in_money.unpaid AS unpaid,
    COALESCE(left_in_units.unpaid, CAST(0 AS DECIMAL(38,6))) AS units,
    CAST(CAST(left_in_money.unpaid AS DECIMAL(38,4)) * CAST(grant_slice.overage_factor AS DECIMAL(18,8)) AS DECIMAL(38,12)) AS raw_amount
  FROM ran_out
  JOIN charge ON charge.charge_id = ran_out.charge_id
  JOIN grant_slice ON grant_slice.slice_id = ran_out.slice_id
  JOIN left_in_money ON left_in_money.charge_id = ran_out.charge_id
  LEFT JOIN left_in_units ON left_in_units.charge_id = ran_out.charge_id
)
SELECT
  unpaid.account_id AS account_id,
  unpaid.subscription_id AS subscription_id,
  unpaid.period_start AS period_start,
  unpaid.period_end AS period_end,
  unpaid.component_id AS component_id,
  unpaid.currency AS currency,
  unpaid.commitment_id AS commitment_id,
  CAST(unpaid.units AS DECIMAL(18,6)) AS uncovered_quantity,
  CAST(unpaid.unpaid AS DECIMAL(18,4)) AS uncovered_amount,
  CAST(unpaid.overage_factor AS DECIMAL(18,8)) AS overage_factor,
  CASE
    WHEN unpaid.digits = 0 THEN CAST(ROUND(unpaid.raw_amount, 0) AS DECIMAL(18,4))
    WHEN unpaid.digits = 3 THEN CAST(ROUND(unpaid.raw_amount, 3) AS DECIMAL(18,4))
    WHEN unpaid.digits = 4 THEN CAST(ROUND(unpaid.raw_amount, 4) AS DECIMAL(18,4))
    ELSE CAST(ROUND(unpaid.raw_amount, 2) AS DECIMAL(18,4))
  END AS overage_amount
FROM unpaid
