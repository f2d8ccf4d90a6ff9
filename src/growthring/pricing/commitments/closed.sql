-- All slices so far: what they held, what was drawn, what they pass on.
WITH finished AS (
  SELECT
    opened_now.slice_id AS slice_id,
    opened_now.passes_to AS passes_to,
    opened_now.passed_share AS passed_share,
    opened_now.digits AS digits,
    opened_now.available AS available,
    COALESCE(paid.drawn, CAST(0 AS DECIMAL(38,6))) AS drawn
  FROM opened_now
  LEFT JOIN (
    SELECT payment_now.slice_id AS slice_id, CAST(SUM(payment_now.drawn) AS DECIMAL(38,6)) AS drawn
    FROM payment_now
    GROUP BY payment_now.slice_id
  ) AS paid ON paid.slice_id = opened_now.slice_id
),
shared AS (
  SELECT
    finished.slice_id AS slice_id,
    finished.passes_to AS passes_to,
    finished.passed_share AS passed_share,
    finished.digits AS digits,
    finished.available AS available,
    finished.drawn AS drawn,
    CAST(
      CAST(finished.available - finished.drawn AS DECIMAL(38,6)) * CAST(finished.passed_share AS DECIMAL(18,8)) AS DECIMAL(38,14)
    ) AS share_amount
  FROM finished
)
SELECT
  closed_before.slice_id AS slice_id,
  closed_before.passes_to AS passes_to,
  closed_before.available AS available,
  closed_before.drawn AS drawn,
  closed_before.passed AS passed
FROM closed_before
UNION ALL
SELECT
  shared.slice_id AS slice_id,
  shared.passes_to AS passes_to,
  shared.available AS available,
  shared.drawn AS drawn,
  CAST(
    CASE
      WHEN shared.passes_to = 0 THEN CAST(0 AS DECIMAL(38,6))
      WHEN shared.passed_share = 1 THEN CAST(shared.available - shared.drawn AS DECIMAL(38,6))
      ELSE LEAST(
        CAST(shared.available - shared.drawn AS DECIMAL(38,6)),
        CASE
          WHEN shared.digits = 0 THEN CAST(ROUND(shared.share_amount, 0) AS DECIMAL(38,6))
          WHEN shared.digits = 2 THEN CAST(ROUND(shared.share_amount, 2) AS DECIMAL(38,6))
          WHEN shared.digits = 3 THEN CAST(ROUND(shared.share_amount, 3) AS DECIMAL(38,6))
          WHEN shared.digits = 4 THEN CAST(ROUND(shared.share_amount, 4) AS DECIMAL(38,6))
          ELSE CAST(ROUND(shared.share_amount, 6) AS DECIMAL(38,6))
        END
      )
    END AS DECIMAL(38,6)
  ) AS passed
FROM shared
