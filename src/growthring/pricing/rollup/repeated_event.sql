-- Accepted record: those whose key other records have too (and a few more, when hashes meet).
SELECT
  event.event_key AS event_key,
  event.account_id AS account_id,
  event.meter AS meter,
  event.dimensions AS dimensions,
  event.used_at AS used_at,
  event.used_on AS used_on,
  event.quantity AS quantity,
  event.source_file AS source_file
FROM event
JOIN repeated_hash ON repeated_hash.key_hash = event.key_hash
WHERE event.accepted
