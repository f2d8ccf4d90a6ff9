-- One row: records that repeat an event, and records of keys that came with several contents.
SELECT
  CAST(COALESCE(SUM(CASE WHEN contents = 1 THEN copies - 1 ELSE 0 END), 0) AS BIGINT) AS duplicates,
  CAST(COALESCE(SUM(CASE WHEN contents = 1 THEN 0 ELSE copies END), 0) AS BIGINT) AS conflicts
FROM event_content
