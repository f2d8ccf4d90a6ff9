/* N-16: months in which one of an account's contracts started that renews an earlier one. */
SELECT
  contract.account_id AS account_id,
  CAST(EXTRACT(YEAR FROM contract.starts_on) * 12 + EXTRACT(MONTH FROM contract.starts_on) - 1 AS INT) AS month
FROM contract
WHERE
  NOT contract.renews_contract_id IS NULL
  AND contract.known_at <= CAST('9999-01-01 00:00:00' AS TIMESTAMP)
GROUP BY
  contract.account_id,
  CAST(EXTRACT(YEAR FROM contract.starts_on) * 12 + EXTRACT(MONTH FROM contract.starts_on) - 1 AS INT)
