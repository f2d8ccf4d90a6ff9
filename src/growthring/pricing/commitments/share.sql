-- whole_amount × part / whole, rounded half up to the minor unit: estimated in floats, corrected by whole numbers, hence exact.
WITH counted AS (
  SELECT
    to_share.owner AS owner,
    to_share.place AS place,
    to_share.part_number AS part_number,
    to_share.digits AS digits,
    to_share.whole_amount AS whole_amount,
    CASE WHEN to_share.part = to_share.whole AND to_share.whole > 0 THEN 1 ELSE 0 END AS is_whole,
    CAST(
      CAST(to_share.whole_amount * CAST(2 * to_share.units_per_major AS DECIMAL(38,0)) AS DECIMAL(38,0))
      * CAST(CASE WHEN to_share.whole > 0 THEN to_share.part ELSE CAST(0 AS DECIMAL(38,6)) END * 1000000 AS DECIMAL(38,0)) AS DECIMAL(38,0)
    ) + CAST(to_share.whole * 1000000 AS DECIMAL(38,0)) AS numerator,
    CAST(CASE WHEN to_share.whole > 0 THEN to_share.whole ELSE CAST(1 AS DECIMAL(38,6)) END * 2000000 AS DECIMAL(38,0)) AS denominator
  FROM (
    SELECT
      share_source.owner AS owner,
      share_source.place AS place,
      share_source.part_number AS part_number,
      share_source.digits AS digits,
      share_source.whole_amount AS whole_amount,
      share_source.part AS part,
      share_source.whole AS whole,
      CASE WHEN share_source.digits = 0 THEN 1 WHEN share_source.digits = 3 THEN 1000 WHEN share_source.digits = 4 THEN 10000 ELSE 100 END AS units_per_major
    FROM share_source
  ) AS to_share
),
estimated AS (
  SELECT
    counted.owner AS owner,
    counted.place AS place,
    counted.part_number AS part_number,
    counted.digits AS digits,
    counted.whole_amount AS whole_amount,
    counted.is_whole AS is_whole,
    counted.numerator AS numerator,
    counted.denominator AS denominator,
    CAST(CAST(FLOOR(CAST(counted.numerator AS DOUBLE) / CAST(counted.denominator AS DOUBLE)) AS BIGINT) AS DECIMAL(38,0)) AS estimate
  FROM counted
),
exact AS (
  SELECT
    estimated.owner AS owner,
    estimated.place AS place,
    estimated.part_number AS part_number,
    estimated.digits AS digits,
    estimated.whole_amount AS whole_amount,
    estimated.is_whole AS is_whole,
    CAST(
      CASE
        WHEN CAST(estimated.estimate * estimated.denominator AS DECIMAL(38,0)) > estimated.numerator THEN estimated.estimate - 1
        WHEN CAST((estimated.estimate + 1) * estimated.denominator AS DECIMAL(38,0)) <= estimated.numerator THEN estimated.estimate + 1
        ELSE estimated.estimate
      END AS DECIMAL(38,0)
    ) AS units
  FROM estimated
)
SELECT
  exact.owner AS owner,
  exact.place AS place,
  exact.part_number AS part_number,
  CASE
    WHEN exact.is_whole = 1 THEN CAST(exact.whole_amount AS DECIMAL(38,6))
    ELSE CAST(
      exact.units
      * CASE
        WHEN exact.digits = 0 THEN CAST(1 AS DECIMAL(18,6))
        WHEN exact.digits = 3 THEN CAST(0.001 AS DECIMAL(18,6))
        WHEN exact.digits = 4 THEN CAST(0.0001 AS DECIMAL(18,6))
        ELSE CAST(0.01 AS DECIMAL(18,6))
      END AS DECIMAL(38,6)
    )
  END AS share_amount
FROM exact
