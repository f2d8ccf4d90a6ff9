-- Trials and their fate by segment, owner and extension.
SELECT
  CASE WHEN $by = 'rep' THEN known_trial.rep WHEN $by = 'segment' THEN known_trial.segment ELSE '(all)' END AS group_value,
  known_trial.is_extended AS is_extended,
  COUNT(*) AS trials,
  SUM(known_trial.is_over) AS over_trials,
  SUM(CASE WHEN known_trial.fate = 'converted' THEN 1 ELSE 0 END) AS converted,
  SUM(CASE WHEN known_trial.fate = 'cancelled' THEN 1 ELSE 0 END) AS cancelled
FROM known_trial
GROUP BY
  CASE WHEN $by = 'rep' THEN known_trial.rep WHEN $by = 'segment' THEN known_trial.segment ELSE '(all)' END,
  known_trial.is_extended
