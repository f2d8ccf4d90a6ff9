/* How much the largest customers bring: shares of the ten largest, of the largest tenth, or the sum of squared shares. */
WITH ranked AS (
  SELECT
    contribution.at_month AS at_month,
    contribution.group_value AS group_value,
    contribution.numerator AS amount,
    ROW_NUMBER() OVER (
      PARTITION BY contribution.at_month, contribution.group_value
      ORDER BY contribution.numerator DESC, contribution.entity_id NULLS LAST
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
      THEN CAST(CAST(ranked.amount AS DECIMAL(19, 4)) * CAST(ranked.amount AS DECIMAL(19, 4)) AS DECIMAL(38, 8))
      WHEN 'top_10' = 'top_10' AND ranked.position <= 10
      THEN CAST(ranked.amount AS DECIMAL(38, 8))
      WHEN 'top_10' = 'top_decile' AND ranked.position <= (
        ranked.customers + 9
      ) DIV 10
      THEN CAST(ranked.amount AS DECIMAL(38, 8))
      ELSE CAST(0 AS DECIMAL(38, 8))
    END
  ) AS numerator,
  SUM(ranked.amount) AS denominator,
  CAST(NULL AS DOUBLE) AS rate,
  COUNT(ranked.position) AS customers
FROM ranked
GROUP BY
  ranked.at_month,
  ranked.group_value
ORDER BY
  ranked.at_month NULLS LAST,
  ranked.group_value NULLS LAST
