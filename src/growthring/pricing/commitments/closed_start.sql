-- No slice has been drawn on yet.
SELECT
  grant_slice.slice_id AS slice_id,
  grant_slice.passes_to AS passes_to,
  CAST(0 AS DECIMAL(38,6)) AS available,
  CAST(0 AS DECIMAL(38,6)) AS drawn,
  CAST(0 AS DECIMAL(38,6)) AS passed
FROM grant_slice
WHERE grant_slice.slice_id < 0
