-- Balances as of a day: granted + rolled in = drawn + rolled out + breakage + balance.
WITH summed AS (
  SELECT
    grant_slice.commitment_id AS commitment_id,
    grant_slice.account_id AS account_id,
    grant_slice.kind AS kind,
    grant_slice.measure AS measure,
    grant_slice.currency AS currency,
    MIN(grant_slice.starts_on) AS starts_on,
    MAX(grant_slice.ends_on) AS ends_on,
    CAST(SUM(grant_slice.granted) AS DECIMAL(38,6)) AS granted,
    CAST(SUM(CASE WHEN grant_slice.is_first = 1 THEN closed.available - grant_slice.granted ELSE CAST(0 AS DECIMAL(38,6)) END) AS DECIMAL(38,6)) AS rolled_in,
    CAST(SUM(closed.drawn) AS DECIMAL(38,6)) AS drawn,
    CAST(SUM(CASE WHEN grant_slice.is_last = 1 THEN closed.passed ELSE CAST(0 AS DECIMAL(38,6)) END) AS DECIMAL(38,6)) AS passed
  FROM grant_slice
  JOIN closed ON closed.slice_id = grant_slice.slice_id
  GROUP BY grant_slice.commitment_id, grant_slice.account_id, grant_slice.kind, grant_slice.measure, grant_slice.currency
),
ended AS (
  SELECT
    summed.commitment_id AS commitment_id,
    summed.account_id AS account_id,
    summed.kind AS kind,
    summed.measure AS measure,
    summed.currency AS currency,
    summed.starts_on AS starts_on,
    summed.ends_on AS ends_on,
    summed.granted AS granted,
    summed.rolled_in AS rolled_in,
    summed.drawn AS drawn,
    CASE WHEN summed.ends_on <= $on THEN summed.passed ELSE CAST(0 AS DECIMAL(38,6)) END AS rolled_out,
    CAST(summed.granted + summed.rolled_in - summed.drawn AS DECIMAL(38,6)) AS rest
  FROM summed
  WHERE summed.starts_on <= $on
)
SELECT
  ended.commitment_id AS commitment_id,
  ended.account_id AS account_id,
  ended.kind AS kind,
  ended.measure AS measure,
  ended.currency AS currency,
  ended.starts_on AS starts_on,
  CASE WHEN ended.ends_on < DATE '2299-12-31' THEN ended.ends_on END AS ends_on,
  CAST(ended.granted AS DECIMAL(18,6)) AS granted,
  CAST(ended.rolled_in AS DECIMAL(18,6)) AS rolled_in,
  CAST(ended.drawn AS DECIMAL(18,6)) AS drawn,
  CAST(ended.rolled_out AS DECIMAL(18,6)) AS rolled_out,
  CAST(CASE WHEN ended.ends_on <= $on THEN ended.rest - ended.rolled_out ELSE CAST(0 AS DECIMAL(38,6)) END AS DECIMAL(18,6)) AS breakage,
  CAST(CASE WHEN ended.ends_on <= $on THEN CAST(0 AS DECIMAL(38,6)) ELSE ended.rest END AS DECIMAL(18,6)) AS balance
FROM ended
