-- Account × meter × dimensions × day or month: all accepted records, repeated ones as often as they came.
SELECT
  account_id,
  meter,
  dimensions,
  used_on,
  SUM(quantity) AS quantity,
  CAST(COUNT(*) AS BIGINT) AS events
FROM event
WHERE accepted
GROUP BY account_id, meter, dimensions, used_on
