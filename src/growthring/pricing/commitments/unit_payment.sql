-- Units drawn and their share of the rated amount; the parts of a charge add up.
SELECT
  payments_quantity.slice_id AS slice_id,
  payments_quantity.charge_id AS charge_id,
  payments_quantity.drawn AS drawn_quantity,
  CAST(
    unit_share.share_amount
    - COALESCE(
      LAG(unit_share.share_amount) OVER (
        PARTITION BY payments_quantity.charge_id ORDER BY payments_quantity.pass, payments_quantity.slice_id
      ),
      CAST(0 AS DECIMAL(38,6))
    ) AS DECIMAL(38,6)
  ) AS drawn_amount
FROM payments_quantity
JOIN unit_share ON unit_share.place = payments_quantity.charge_id AND unit_share.part_number = payments_quantity.slice_id
