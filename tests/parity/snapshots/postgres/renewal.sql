/* Available to renew: contracts whose term ends in the period, their annual price on the last day, and how much of it was renewed. */
WITH priced AS (
  SELECT
    rate_segment.contract_id AS contract_id,
    rate_segment.account_id AS account_id,
    rate_segment.starts_on AS starts_on,
    rate_segment.ends_on AS ends_on,
    CAST(ROUND(
      CAST(CAST(rate_segment.monthly_amount AS DECIMAL(38, 4)) * reporting_rate.rate AS DECIMAL(38, 12)),
      4
    ) AS DECIMAL(18, 4)) AS amount
  FROM rate_segment
  JOIN reporting_rate
    ON reporting_rate.currency = rate_segment.currency
    AND rate_segment.ends_on >= reporting_rate.from_on
    AND rate_segment.ends_on < reporting_rate.to_on
  WHERE
    rate_segment.contract_id <> ''
), due AS (
  SELECT
    evaluation.at_month AS at_month,
    contract.account_id AS account_id,
    contract.contract_id AS contract_id,
    contract.ends_on AS ends_on,
    SUM(priced.amount) AS due_amount
  FROM contract
  JOIN evaluation
    ON CAST(EXTRACT(YEAR FROM contract.ends_on) * 12 + EXTRACT(MONTH FROM contract.ends_on) - 1 AS INT) > evaluation.start_month
    AND CAST(EXTRACT(YEAR FROM contract.ends_on) * 12 + EXTRACT(MONTH FROM contract.ends_on) - 1 AS INT) <= evaluation.at_month
  JOIN priced
    ON priced.contract_id = contract.contract_id
    AND priced.ends_on >= contract.ends_on
    AND priced.starts_on < contract.ends_on
  GROUP BY
    evaluation.at_month,
    contract.account_id,
    contract.contract_id,
    contract.ends_on
), renewed AS (
  SELECT
    successor.renews_contract_id AS contract_id,
    SUM(priced.amount) AS renewed_amount
  FROM contract AS successor
  JOIN priced
    ON priced.contract_id = successor.contract_id
    AND priced.starts_on = successor.starts_on
  GROUP BY
    successor.renews_contract_id
)
SELECT
  due.at_month AS at_month,
  due.account_id AS entity_id,
  CAST(SUM(LEAST(due.due_amount, COALESCE(renewed.renewed_amount, 0))) AS DECIMAL(18, 4)) AS retained_amount,
  CAST(SUM(COALESCE(renewed.renewed_amount, 0)) AS DECIMAL(18, 4)) AS current_amount,
  CAST(SUM(due.due_amount) AS DECIMAL(18, 4)) AS base_amount
FROM due
LEFT JOIN renewed
  ON renewed.contract_id = due.contract_id
GROUP BY
  due.at_month,
  due.account_id
