-- How many trials converted, were given up, or were last seen on each of their days, counted from 0.
SELECT
  known_trial.days AS day,
  SUM(CASE WHEN known_trial.fate = 'converted' THEN 1 ELSE 0 END) AS converted,
  SUM(CASE WHEN known_trial.fate = 'cancelled' THEN 1 ELSE 0 END) AS cancelled,
  SUM(CASE WHEN known_trial.fate = 'running' THEN 1 ELSE 0 END) AS last_seen
FROM known_trial
GROUP BY known_trial.days
