-- Hash of a key: those that more than one record has. It may hold others too; what follows compares the keys themselves.
SELECT key_hash
FROM event
GROUP BY key_hash
HAVING COUNT(*) > 1
