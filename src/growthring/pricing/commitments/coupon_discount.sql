-- What coupons take off each bill, rounded once.
WITH taken AS (
  SELECT
    coupon_bill.bill_id AS bill_id,
    coupon_bill.digits AS digits,
    CAST(GREATEST(coupon_bill.subtotal_amount, CAST(0 AS DECIMAL(38,14))) - coupon_left_last.left_amount AS DECIMAL(38,14)) AS raw_amount
  FROM coupon_bill
  JOIN coupon_left_last ON coupon_left_last.bill_id = coupon_bill.bill_id
)
SELECT
  taken.bill_id AS bill_id,
  CASE
    WHEN taken.digits = 0 THEN CAST(ROUND(taken.raw_amount, 0) AS DECIMAL(18,4))
    WHEN taken.digits = 3 THEN CAST(ROUND(taken.raw_amount, 3) AS DECIMAL(18,4))
    WHEN taken.digits = 4 THEN CAST(ROUND(taken.raw_amount, 4) AS DECIMAL(18,4))
    ELSE CAST(ROUND(taken.raw_amount, 2) AS DECIMAL(18,4))
  END AS discount_amount
FROM taken
