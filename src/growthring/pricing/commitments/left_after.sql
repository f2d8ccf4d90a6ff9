-- What charges still have to pay after this pass.
SELECT
  left_before.charge_id AS charge_id,
  CAST(left_before.unpaid - COALESCE(paid.drawn, CAST(0 AS DECIMAL(38,6))) AS DECIMAL(38,6)) AS unpaid
FROM left_before
LEFT JOIN (
  SELECT payment_now.charge_id AS charge_id, SUM(payment_now.drawn) AS drawn
  FROM payment_now
  GROUP BY payment_now.charge_id
) AS paid ON paid.charge_id = left_before.charge_id
