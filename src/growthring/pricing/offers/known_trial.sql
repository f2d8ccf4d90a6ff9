-- Trials as known then: a trial runs until it converts, is given up, or the data end; what happened later is not seen.
WITH dated AS (
  SELECT
    account_attribute.account_id AS account_id,
    account_attribute.value AS segment,
    CASE
      WHEN ROW_NUMBER() OVER (PARTITION BY account_attribute.account_id ORDER BY account_attribute.valid_from) = 1 THEN DATE '0001-01-01'
      ELSE account_attribute.valid_from
    END AS from_on,
    COALESCE(
      LEAD(account_attribute.valid_from) OVER (PARTITION BY account_attribute.account_id ORDER BY account_attribute.valid_from),
      DATE '9999-12-31'
    ) AS to_on
  FROM account_attribute
  WHERE account_attribute.attribute = 'segment' AND account_attribute.known_at <= $as_of
),
seen AS (
  SELECT
    trial.trial_id AS trial_id,
    trial.account_id AS account_id,
    COALESCE(trial.rep, '(nobody)') AS rep,
    trial.started_on AS started_on,
    CASE WHEN trial.ends_on <= $through THEN 1 ELSE 0 END AS is_over,
    CASE WHEN trial.extended_on <= $through THEN 1 ELSE 0 END AS is_extended,
    CASE
      WHEN trial.converted_on <= $through AND trial.converted_on <= COALESCE(trial.cancelled_on, trial.converted_on)
      THEN trial.converted_on
      ELSE NULL
    END AS converted_on,
    CASE
      WHEN trial.cancelled_on <= $through AND trial.cancelled_on < COALESCE(trial.converted_on, DATE '9999-12-31')
      THEN trial.cancelled_on
      ELSE NULL
    END AS cancelled_on
  FROM trial
  WHERE trial.known_at <= $as_of AND trial.started_on <= $through
)
SELECT
  seen.trial_id AS trial_id,
  seen.account_id AS account_id,
  COALESCE(dated.segment, '(unknown)') AS segment,
  seen.rep AS rep,
  seen.is_extended AS is_extended,
  CASE
    WHEN seen.converted_on IS NOT NULL THEN 'converted'
    WHEN seen.cancelled_on IS NOT NULL THEN 'cancelled'
    ELSE 'running'
  END AS fate,
  CASE WHEN seen.converted_on IS NOT NULL OR seen.cancelled_on IS NOT NULL OR seen.is_over = 1 THEN 1 ELSE 0 END AS is_over,
  CAST(DATE_DIFF('day', seen.started_on, COALESCE(seen.converted_on, seen.cancelled_on, $through)) AS BIGINT) AS days
FROM seen
LEFT JOIN dated
  ON dated.account_id = seen.account_id AND seen.started_on >= dated.from_on AND seen.started_on < dated.to_on
