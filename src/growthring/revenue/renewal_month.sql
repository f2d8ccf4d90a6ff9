-- N-16: months in which one of an account's contracts started that renews an earlier one.
SELECT
  contract.account_id AS account_id,
  CAST(YEAR(contract.starts_on) * 12 + MONTH(contract.starts_on) - 1 AS INTEGER) AS month
FROM contract
WHERE contract.renews_contract_id IS NOT NULL AND contract.known_at <= $as_of
GROUP BY contract.account_id, CAST(YEAR(contract.starts_on) * 12 + MONTH(contract.starts_on) - 1 AS INTEGER)
