-- Units of charges before anything is drawn.
SELECT
  charge.charge_id AS charge_id,
  charge.quantity AS unpaid
FROM charge
WHERE charge.meter <> '' AND charge.quantity > 0 AND charge.amount >= 0
