-- A bill before coupons; nothing is taken off a bill below zero.
SELECT
  coupon_bill.bill_id AS bill_id,
  GREATEST(coupon_bill.subtotal_amount, CAST(0 AS DECIMAL(38,14))) AS left_amount
FROM coupon_bill
