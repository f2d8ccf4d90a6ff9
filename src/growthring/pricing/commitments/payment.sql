-- What the slices of this pass pay: charges in their order, as far as the balance reaches.
WITH due AS (
  SELECT
    payable.slice_id AS slice_id,
    payable.charge_id AS charge_id,
    opened_now.available AS available,
    left_before.unpaid AS unpaid,
    SUM(left_before.unpaid) OVER (
      PARTITION BY payable.slice_id ORDER BY payable.charge_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS unpaid_through
  FROM payable
  JOIN opened_now ON opened_now.slice_id = payable.slice_id
  JOIN left_before ON left_before.charge_id = payable.charge_id
  WHERE payable.measure = $measure AND payable.pass = $pass AND left_before.unpaid > 0
)
SELECT
  due.slice_id AS slice_id,
  due.charge_id AS charge_id,
  CAST(LEAST(due.unpaid, due.available - (due.unpaid_through - due.unpaid)) AS DECIMAL(38,6)) AS drawn
FROM due
WHERE due.unpaid_through - due.unpaid < due.available
