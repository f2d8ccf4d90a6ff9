-- Money of charges after units have paid their share.
SELECT
  charge.charge_id AS charge_id,
  CAST(charge.amount - COALESCE(paid.amount, CAST(0 AS DECIMAL(38,6))) AS DECIMAL(38,6)) AS unpaid
FROM charge
LEFT JOIN (
  SELECT unit_payment.charge_id AS charge_id, SUM(unit_payment.drawn_amount) AS amount
  FROM unit_payment
  GROUP BY unit_payment.charge_id
) AS paid ON paid.charge_id = charge.charge_id
WHERE charge.amount > 0
