-- Quantities as they are priced: converted to the priced unit, rounded, less included units. Everything in whole millionths.
WITH counted AS (
  SELECT
    quantity.subscription_id AS subscription_id,
    quantity.period_start AS period_start,
    quantity.component_no AS component_no,
    quantity.dimensions AS dimensions,
    quantity.bucket_at AS bucket_at,
    quantity.rate_no AS rate_no,
    quantity.quantity AS quantity,
    quantity.events AS events,
    quantity.event_amount AS event_amount,
    component.convert_by AS convert_by,
    component.convert_per AS convert_per,
    component.convert_step AS convert_step,
    CASE
      WHEN quantity.quantity >= 0 OR component.convert_mode IN ('none', 'half_up') THEN component.convert_mode
      WHEN component.convert_mode = 'ceiling' THEN 'floor'
      ELSE 'ceiling'
    END AS convert_mode,
    component.included_quantity AS included_quantity,
    component.kept_share AS kept_share,
    CASE WHEN quantity.quantity < 0 THEN -1 ELSE 1 END AS sign,
    CAST(ABS(CAST(quantity.quantity AS DECIMAL(38,6))) * 1000000 AS BIGINT) AS millionths
  FROM quantity
  JOIN component ON component.component_no = quantity.component_no
),
divided AS (
  SELECT
    counted.subscription_id AS subscription_id,
    counted.period_start AS period_start,
    counted.component_no AS component_no,
    counted.dimensions AS dimensions,
    counted.bucket_at AS bucket_at,
    counted.rate_no AS rate_no,
    counted.quantity AS quantity,
    counted.events AS events,
    counted.event_amount AS event_amount,
    counted.included_quantity AS included_quantity,
    counted.kept_share AS kept_share,
    counted.convert_mode AS convert_mode,
    counted.convert_step AS convert_step,
    counted.convert_per AS convert_per,
    counted.sign AS sign,
    (counted.millionths // counted.convert_per) * counted.convert_by
    + ((counted.millionths % counted.convert_per) * counted.convert_by) // counted.convert_per AS whole,
    ((counted.millionths % counted.convert_per) * counted.convert_by) % counted.convert_per AS rest
  FROM counted
),
rounded AS (
  SELECT
    divided.subscription_id AS subscription_id,
    divided.period_start AS period_start,
    divided.component_no AS component_no,
    divided.dimensions AS dimensions,
    divided.bucket_at AS bucket_at,
    divided.rate_no AS rate_no,
    divided.quantity AS quantity,
    divided.events AS events,
    divided.event_amount AS event_amount,
    divided.included_quantity AS included_quantity,
    divided.kept_share AS kept_share,
    CAST(
      CAST(
        divided.sign * CASE
          WHEN divided.convert_mode = 'floor' THEN (divided.whole // divided.convert_step) * divided.convert_step
          WHEN divided.convert_mode = 'ceiling'
            THEN ((divided.whole + divided.convert_step - 1 + CASE
              WHEN divided.rest > 0 AND divided.whole % divided.convert_step = 0 THEN 1
              ELSE 0
            END) // divided.convert_step) * divided.convert_step
          WHEN divided.convert_step > 1
            THEN ((divided.whole + divided.convert_step // 2) // divided.convert_step) * divided.convert_step
          ELSE divided.whole + CASE WHEN divided.rest * 2 >= divided.convert_per THEN 1 ELSE 0 END
        END AS DECIMAL(38,0)
      ) * CAST(0.000001 AS DECIMAL(18,6)) AS DECIMAL(38,6)
    ) AS converted
  FROM divided
),
discounted AS (
  SELECT
    rounded.subscription_id AS subscription_id,
    rounded.period_start AS period_start,
    rounded.component_no AS component_no,
    rounded.dimensions AS dimensions,
    rounded.bucket_at AS bucket_at,
    rounded.rate_no AS rate_no,
    rounded.quantity AS quantity,
    rounded.events AS events,
    rounded.event_amount AS event_amount,
    rounded.kept_share AS kept_share,
    CASE
      WHEN rounded.converted > 0 AND rounded.included_quantity > 0
        THEN GREATEST(CAST(rounded.converted - rounded.included_quantity AS DECIMAL(38,6)), CAST(0 AS DECIMAL(38,6)))
      ELSE rounded.converted
    END AS remaining
  FROM rounded
)
SELECT
  discounted.subscription_id AS subscription_id,
  discounted.period_start AS period_start,
  discounted.component_no AS component_no,
  discounted.dimensions AS dimensions,
  discounted.bucket_at AS bucket_at,
  discounted.rate_no AS rate_no,
  discounted.quantity AS quantity,
  CAST(
    ROUND(CAST(discounted.remaining * CAST(discounted.kept_share AS DECIMAL(18,8)) AS DECIMAL(38,14)), 6) AS DECIMAL(18,6)
  ) AS billable_quantity,
  discounted.events AS events,
  discounted.event_amount AS event_amount
FROM discounted
