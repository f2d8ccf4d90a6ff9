-- Account × meter × dimensions × day or month: quantity and number of distinct events.
SELECT
  event_total.account_id AS account_id,
  event_total.meter AS meter,
  event_total.dimensions AS dimensions,
  event_total.used_on AS used_on,
  CAST(event_total.quantity - COALESCE(event_correction.quantity, 0) AS DECIMAL(18,6)) AS quantity,
  CAST(event_total.events - COALESCE(event_correction.events, 0) AS BIGINT) AS events
FROM event_total
LEFT JOIN event_correction
  ON event_correction.account_id = event_total.account_id
  AND event_correction.meter = event_total.meter
  AND event_correction.dimensions = event_total.dimensions
  AND event_correction.used_on = event_total.used_on
WHERE event_total.events > COALESCE(event_correction.events, 0)
