/* Months in which a customer came back. */
SELECT
  movement.entity_id AS entity_id,
  movement.month AS month
FROM movement
WHERE
  movement.movement = 'reactivation'
GROUP BY
  movement.entity_id,
  movement.month
