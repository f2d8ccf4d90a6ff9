-- What one more coupon of each bill leaves: a percentage of what is left, or an amount, never below zero.
SELECT
  coupon_left_before.bill_id AS bill_id,
  CAST(
    coupon_left_before.left_amount
    - LEAST(
      coupon_left_before.left_amount,
      CASE
        WHEN coupon.kind = 'percent'
          THEN CAST(ROUND(CAST(CAST(coupon_left_before.left_amount AS DECIMAL(38,14)) * CAST(coupon.value AS DECIMAL(18,8)) AS DECIMAL(38,22)), 14) AS DECIMAL(38,14))
        WHEN coupon.kind = 'fixed' THEN CAST(coupon.value AS DECIMAL(38,14))
        ELSE CAST(0 AS DECIMAL(38,14))
      END
    ) AS DECIMAL(38,14)
  ) AS left_amount
FROM coupon_left_before
LEFT JOIN coupon ON coupon.bill_id = coupon_left_before.bill_id AND coupon.place = $place
