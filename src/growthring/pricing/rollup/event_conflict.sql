-- Key that came with several contents: none of its records counts.
SELECT
  event_key,
  MIN(source_file) AS source_file,
  CAST(COUNT(*) AS BIGINT) AS contents,
  CAST(SUM(copies) AS BIGINT) AS events,
  MIN(quantity) AS least_quantity,
  MAX(quantity) AS greatest_quantity
FROM event_content
WHERE contents > 1
GROUP BY event_key
