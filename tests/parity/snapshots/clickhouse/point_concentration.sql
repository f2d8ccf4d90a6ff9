/* How much the largest customers bring: shares of the ten largest, of the largest tenth, or the sum of squared shares. */
WITH ranked AS (
  SELECT
    contribution.at_month AS at_month,
    contribution.group_value AS group_value,
    contribution.numerator AS amount,
    ROW_NUMBER() OVER (
      PARTITION BY contribution.at_month, contribution.group_value
      ORDER BY contribution.numerator DESC, contribution.entity_id
    ) AS position,
    COUNT(contribution.entity_id) OVER (PARTITION BY contribution.at_month, contribution.group_value) AS customers
  FROM contribution
  WHERE
    contribution.numerator > 0
)
SELECT
  ranked.at_month AS at_month,
  ranked.group_value AS group_value,
  SUM(
    CASE
      WHEN 'top_10' = 'hhi'
      THEN CAST(CAST(ranked.amount AS Nullable(Decimal(19, 4))) * CAST(ranked.amount AS Nullable(Decimal(19, 4))) AS Nullable(Decimal(38, 8)))
      WHEN 'top_10' = 'top_10' AND ranked.position <= 10
      THEN CAST(ranked.amount AS Nullable(Decimal(38, 8)))
      WHEN 'top_10' = 'top_decile' AND ranked.position <= intDiv(ranked.customers + 9, 10)
      THEN CAST(ranked.amount AS Nullable(Decimal(38, 8)))
      ELSE CAST('0' AS Nullable(Decimal(38, 8)))
    END
  ) AS numerator,
  SUM(ranked.amount) AS denominator,
  CAST(NULL AS Nullable(Float64)) AS rate,
  COUNT(ranked.position) AS customers
FROM ranked
GROUP BY
  ranked.at_month,
  ranked.group_value
ORDER BY
  ranked.at_month,
  ranked.group_value
