-- Quantities that share a price in every scenario: one book, meter and currency, and no version of any book begins in between.
WITH used AS (
  SELECT DISTINCT metered.meter AS meter
  FROM metered
),
billed AS (
  SELECT DISTINCT simulated_period.book AS book, simulated_period.currency AS currency
  FROM simulated_period
)
SELECT
  billed.book AS book,
  used.meter AS meter,
  billed.currency AS currency,
  era.era_no AS era_no,
  era.from_on AS from_on,
  CAST(ROW_NUMBER() OVER (ORDER BY billed.book, used.meter, billed.currency, era.era_no) - 1 AS BIGINT) AS group_no
FROM billed
CROSS JOIN used
CROSS JOIN era
