-- Key × content: how often it came, and how many contents the key came with.
WITH content AS (
  SELECT
    event_key,
    account_id,
    meter,
    dimensions,
    used_at,
    used_on,
    quantity,
    MIN(source_file) AS source_file,
    CAST(COUNT(*) AS BIGINT) AS copies
  FROM repeated_event
  GROUP BY event_key, account_id, meter, dimensions, used_at, used_on, quantity
)
SELECT
  content.event_key AS event_key,
  content.account_id AS account_id,
  content.meter AS meter,
  content.dimensions AS dimensions,
  content.used_on AS used_on,
  content.quantity AS quantity,
  content.source_file AS source_file,
  content.copies AS copies,
  COUNT(*) OVER (PARTITION BY content.event_key) AS contents
FROM content
