-- Usage in force as of an instant: of the corrections that touch a record, the one that became known last decides.
-- COALESCE around usage_id changes nothing: Spark 4 cannot plan a table that is joined to rows with its own, unchanged column.
WITH touching AS (
  SELECT
    correction.usage_id AS usage_id,
    correction.correction_id AS correction_id,
    correction.action AS action,
    correction.quantity AS quantity,
    correction.used_at AS used_at,
    correction.known_at AS known_at
  FROM usage_correction AS correction
  WHERE correction.action <> 'backfill' AND correction.known_at <= $as_of
  UNION ALL
  SELECT
    COALESCE(usage.usage_id, '') AS usage_id,
    correction.correction_id AS correction_id,
    correction.action AS action,
    correction.quantity AS quantity,
    correction.used_at AS used_at,
    correction.known_at AS known_at
  FROM usage_correction AS correction
  JOIN usage
    ON usage.account_id = correction.account_id
    AND usage.used_at >= correction.window_start
    AND usage.used_at < correction.window_end
    AND usage.known_at < correction.known_at
  WHERE correction.action = 'backfill'
    AND correction.known_at <= $as_of
    AND (correction.meter IS NULL OR correction.meter = usage.meter)
),
ranked AS (
  SELECT
    touching.usage_id AS usage_id,
    touching.action AS action,
    touching.quantity AS quantity,
    touching.used_at AS used_at,
    touching.known_at AS known_at,
    ROW_NUMBER() OVER (
      PARTITION BY touching.usage_id ORDER BY touching.known_at DESC, touching.correction_id DESC
    ) AS newness
  FROM touching
)
SELECT
  usage.usage_id AS usage_id,
  usage.account_id AS account_id,
  usage.product_id AS product_id,
  usage.meter AS meter,
  COALESCE(ranked.used_at, usage.used_at) AS used_at,
  COALESCE(ranked.quantity, usage.quantity) AS quantity,
  usage.unique_key AS unique_key,
  usage.operation AS operation,
  usage.event_amount AS event_amount,
  usage.dimensions AS dimensions,
  CASE WHEN ranked.known_at > usage.known_at THEN ranked.known_at ELSE usage.known_at END AS known_at,
  usage.source_file AS source_file,
  usage.source_row AS source_row
FROM usage
LEFT JOIN ranked ON ranked.usage_id = usage.usage_id AND ranked.newness = 1
WHERE usage.known_at <= $as_of AND COALESCE(ranked.action, 'amend') = 'amend'
