-- Before the first segment nothing is granted and nothing is owed.
SELECT
  timeline_opening.timeline_id AS timeline_id,
  timeline_opening.grant_id AS grant_id,
  CAST(0 AS DECIMAL(38,6)) AS balance
FROM timeline_opening
WHERE timeline_opening.segment = 1
