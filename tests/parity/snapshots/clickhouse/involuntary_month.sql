/* 003-06: months in which an account lost a contract for a reason that was not its own choice, such as a payment that failed. */
WITH ended AS (
  SELECT
    contract.account_id AS account_id,
    CAST(MAX(YEAR(rate_segment.ends_on) * 12 + MONTH(rate_segment.ends_on) - 1) AS Nullable(Int32)) AS month
  FROM contract
  JOIN rate_segment
    ON rate_segment.contract_id = contract.contract_id
  WHERE
    contract.known_at <= CAST('2299-12-31 00:00:00' AS Nullable(DateTime64(6)))
    AND ',' LIKE '%,' || contract.cancel_reason || ',%'
  GROUP BY
    contract.contract_id,
    contract.account_id
)
SELECT
  ended.account_id AS account_id,
  CASE
    WHEN 1 = 1
    THEN ended.month
    ELSE ended.month + 2 - (
      ended.month + 0
    ) % 3
  END AS month
FROM ended
GROUP BY
  ended.account_id,
  CASE
    WHEN 1 = 1
    THEN ended.month
    ELSE ended.month + 2 - (
      ended.month + 0
    ) % 3
  END
