-- A discount spread over the fees of a bill in proportion to them; leftover minor units go to the largest remainders.
WITH weighed AS (
  SELECT
    coupon_fee.bill_id AS bill_id,
    coupon_fee.place AS place,
    coupon_fee.unit_amount AS unit_amount,
    coupon_fee.fee_units AS fee_units,
    CAST(SUM(coupon_fee.fee_units) OVER (PARTITION BY coupon_fee.bill_id) AS DECIMAL(38,0)) AS all_units,
    coupon_fee.discount_units AS discount_units
  FROM coupon_fee
),
shared AS (
  SELECT
    weighed.bill_id AS bill_id,
    weighed.place AS place,
    weighed.unit_amount AS unit_amount,
    weighed.all_units AS all_units,
    LEAST(CAST(weighed.discount_units AS DECIMAL(38,0)), weighed.all_units) AS whole_units,
    CAST(
      LEAST(CAST(weighed.discount_units AS DECIMAL(38,0)), weighed.all_units) * CAST(weighed.fee_units AS DECIMAL(38,0)) AS DECIMAL(38,0)
    ) AS numerator
  FROM weighed
  WHERE weighed.all_units > 0
),
estimated AS (
  SELECT
    shared.bill_id AS bill_id,
    shared.place AS place,
    shared.unit_amount AS unit_amount,
    shared.all_units AS all_units,
    shared.whole_units AS whole_units,
    shared.numerator AS numerator,
    CAST(CAST(FLOOR(CAST(shared.numerator AS DOUBLE) / CAST(shared.all_units AS DOUBLE)) AS BIGINT) AS DECIMAL(38,0)) AS estimate
  FROM shared
),
floored AS (
  SELECT
    estimated.bill_id AS bill_id,
    estimated.place AS place,
    estimated.unit_amount AS unit_amount,
    estimated.all_units AS all_units,
    estimated.whole_units AS whole_units,
    estimated.numerator AS numerator,
    CAST(
      CASE
        WHEN CAST(estimated.estimate * estimated.all_units AS DECIMAL(38,0)) > estimated.numerator THEN estimated.estimate - 1
        WHEN CAST((estimated.estimate + 1) * estimated.all_units AS DECIMAL(38,0)) <= estimated.numerator THEN estimated.estimate + 1
        ELSE estimated.estimate
      END AS DECIMAL(38,0)
    ) AS units
  FROM estimated
),
ranked AS (
  SELECT
    floored.bill_id AS bill_id,
    floored.place AS place,
    floored.unit_amount AS unit_amount,
    floored.units AS units,
    floored.whole_units - SUM(floored.units) OVER (PARTITION BY floored.bill_id) AS left_over,
    ROW_NUMBER() OVER (
      PARTITION BY floored.bill_id
      ORDER BY floored.numerator - CAST(floored.units * floored.all_units AS DECIMAL(38,0)) DESC, floored.place
    ) AS remainder_rank
  FROM floored
)
SELECT
  ranked.bill_id AS bill_id,
  ranked.place AS place,
  CAST(
    CAST(ranked.units + CASE WHEN ranked.remainder_rank <= ranked.left_over THEN 1 ELSE 0 END AS DECIMAL(38,0)) * ranked.unit_amount
    AS DECIMAL(18,4)
  ) AS share_amount
FROM ranked
