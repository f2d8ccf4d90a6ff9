-- The slices of this pass with what they hold: their grant and what earlier slices passed on.
SELECT
  grant_slice.slice_id AS slice_id,
  grant_slice.passes_to AS passes_to,
  grant_slice.passed_share AS passed_share,
  grant_slice.digits AS digits,
  CAST(grant_slice.granted + COALESCE(carried.passed, CAST(0 AS DECIMAL(38,6))) AS DECIMAL(38,6)) AS available
FROM grant_slice
LEFT JOIN (
  SELECT closed_before.passes_to AS slice_id, SUM(closed_before.passed) AS passed
  FROM closed_before
  GROUP BY closed_before.passes_to
) AS carried ON carried.slice_id = grant_slice.slice_id
WHERE grant_slice.measure = $measure AND grant_slice.pass = $pass
