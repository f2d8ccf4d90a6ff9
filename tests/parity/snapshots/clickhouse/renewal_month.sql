/* N-16: months in which one of an account's contracts started that renews an earlier one. */
SELECT
  contract.account_id AS account_id,
  CAST(YEAR(contract.starts_on) * 12 + MONTH(contract.starts_on) - 1 AS Nullable(Int32)) AS month
FROM contract
WHERE
  NOT (
    contract.renews_contract_id IS NULL
  )
  AND contract.known_at <= CAST('2299-12-31 00:00:00' AS Nullable(DateTime64(6)))
GROUP BY
  contract.account_id,
  CAST(YEAR(contract.starts_on) * 12 + MONTH(contract.starts_on) - 1 AS Nullable(Int32))
