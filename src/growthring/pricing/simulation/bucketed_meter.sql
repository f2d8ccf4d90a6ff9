-- Meters with several quantities on one line of a bill, which are rounded together.
WITH counted AS (
  SELECT
    metered.subscription_id AS subscription_id,
    metered.period_start AS period_start,
    metered.meter AS meter,
    metered.dimensions AS dimensions,
    COUNT(*) AS quantities
  FROM metered
  JOIN simulated_period
    ON simulated_period.subscription_id = metered.subscription_id AND simulated_period.period_start = metered.period_start
  GROUP BY metered.subscription_id, metered.period_start, metered.meter, metered.dimensions
)
SELECT DISTINCT counted.meter AS meter
FROM counted
WHERE counted.quantities > 1
