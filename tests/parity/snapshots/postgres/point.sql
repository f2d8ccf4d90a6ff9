/* Contributions added up: exact sums first, one division at the end; averaged rates are averaged date by date. */
WITH dated AS (
  SELECT
    contribution.at_month AS at_month,
    contribution.sub_month AS sub_month,
    contribution.group_value AS group_value,
    CASE
      WHEN FALSE
      THEN LEAST(SUM(contribution.numerator), SUM(contribution.denominator))
      ELSE SUM(contribution.numerator)
    END AS numerator,
    SUM(contribution.denominator) AS denominator,
    COUNT(
      CASE WHEN contribution.numerator <> 0 OR contribution.denominator <> 0 THEN 1 END
    ) AS customers
  FROM contribution
  GROUP BY
    contribution.at_month,
    contribution.sub_month,
    contribution.group_value
)
SELECT
  dated.at_month AS at_month,
  dated.group_value AS group_value,
  SUM(dated.numerator) AS numerator,
  SUM(dated.denominator) AS denominator,
  AVG(
    CAST(dated.numerator AS DOUBLE PRECISION) / NULLIF(CAST(dated.denominator AS DOUBLE PRECISION), 0)
  ) AS rate,
  MAX(dated.customers) AS customers
FROM dated
GROUP BY
  dated.at_month,
  dated.group_value
ORDER BY
  dated.at_month,
  dated.group_value
