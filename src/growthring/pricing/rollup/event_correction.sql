-- Account × meter × dimensions × day or month: what the total holds too much. A key with one content counts once, one with several never.
WITH surplus AS (
  SELECT
    account_id,
    meter,
    dimensions,
    used_on,
    quantity,
    CASE WHEN contents = 1 THEN copies - 1 ELSE copies END AS copies
  FROM event_content
)
SELECT
  surplus.account_id AS account_id,
  surplus.meter AS meter,
  surplus.dimensions AS dimensions,
  surplus.used_on AS used_on,
  SUM(CAST(CAST(surplus.quantity AS DECIMAL(38,6)) * surplus.copies AS DECIMAL(38,6))) AS quantity,
  CAST(SUM(surplus.copies) AS BIGINT) AS events
FROM surplus
WHERE surplus.copies > 0
GROUP BY surplus.account_id, surplus.meter, surplus.dimensions, surplus.used_on
