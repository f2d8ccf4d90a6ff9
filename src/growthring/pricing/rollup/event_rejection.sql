-- File × reason: records that do not count, with one of their values.
SELECT
  source_file,
  reason,
  CAST(COUNT(*) AS BIGINT) AS events,
  MIN(shown) AS shown
FROM event
WHERE NOT accepted
GROUP BY source_file, reason
