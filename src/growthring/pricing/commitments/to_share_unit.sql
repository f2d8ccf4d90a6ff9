-- Charges to be shared out by the units that were drawn of them, up to and including each payment.
SELECT
  '' AS owner,
  charge.charge_id AS place,
  payments_quantity.slice_id AS part_number,
  charge.digits AS digits,
  CAST(charge.amount AS DECIMAL(18,4)) AS whole_amount,
  CAST(
    SUM(payments_quantity.drawn) OVER (
      PARTITION BY charge.charge_id ORDER BY payments_quantity.pass, payments_quantity.slice_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS DECIMAL(38,6)
  ) AS part,
  charge.quantity AS whole
FROM payments_quantity
JOIN charge ON charge.charge_id = payments_quantity.charge_id
