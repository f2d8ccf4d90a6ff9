-- Which slice of a grant may pay which charge: same pool, currency or meter, in force on the first day, within its scope.
SELECT
  grant_slice.measure AS measure,
  grant_slice.pass AS pass,
  grant_slice.slice_id AS slice_id,
  charge.charge_id AS charge_id
FROM charge
JOIN grant_slice ON grant_slice.pool_id = charge.pool_id
JOIN commitment_scope ON commitment_scope.commitment_id = grant_slice.commitment_id
WHERE charge.period_start >= grant_slice.starts_on
  AND charge.period_start < grant_slice.ends_on
  AND (grant_slice.only_account_id = '' OR grant_slice.only_account_id = charge.account_id)
  AND (
    (grant_slice.measure = 'amount' AND grant_slice.currency = charge.currency)
    OR (grant_slice.measure = 'quantity' AND grant_slice.meter = charge.meter)
  )
  AND (
    commitment_scope.target = ''
    OR commitment_scope.target = charge.component_id
    OR commitment_scope.target = charge.component_kind
  )
GROUP BY grant_slice.measure, grant_slice.pass, grant_slice.slice_id, charge.charge_id
