-- What an analyst writes for these four results on this panel: stored months only, neighbours by LAG and LEAD, money in DECIMAL.
-- stage: ledger
CREATE TABLE ledger AS
WITH neighbour AS (
  SELECT
    account_id,
    product_id,
    month,
    recurring_amount AS amount,
    LAG(month) OVER series AS previous_month,
    LAG(recurring_amount) OVER series AS previous_amount,
    LEAD(month) OVER series AS following_month
  FROM recurring
  WINDOW series AS (PARTITION BY account_id, product_id ORDER BY month)
)
SELECT
  account_id,
  product_id,
  month,
  CASE
    WHEN previous_month IS NULL THEN 'new'
    WHEN previous_month < month - 1 THEN 'reactivation'
    WHEN amount > previous_amount THEN 'expansion'
    ELSE 'contraction'
  END AS movement,
  CASE WHEN previous_month = month - 1 THEN amount - previous_amount ELSE amount END AS amount
FROM neighbour
WHERE previous_month IS NULL OR previous_month < month - 1 OR amount <> previous_amount
UNION ALL
SELECT account_id, product_id, month + 1, 'churn', -amount
FROM neighbour
WHERE month < getvariable('last_month') AND (following_month IS NULL OR following_month > month + 1);
-- stage: monthly
CREATE TABLE monthly AS
SELECT month, movement, SUM(amount) AS amount FROM ledger GROUP BY month, movement;
-- stage: account_month
CREATE TABLE account_month AS
SELECT account_id, month, SUM(recurring_amount)::DECIMAL(18,4) AS amount FROM recurring GROUP BY account_id, month;
-- stage: retention
CREATE TABLE retention AS
SELECT
  base.month + 12 AS month,
  SUM(base.amount) AS base_amount,
  SUM(latest.amount) AS current_amount,
  SUM(CASE WHEN latest.amount < base.amount THEN latest.amount WHEN latest.amount IS NOT NULL THEN base.amount END) AS retained_amount
FROM account_month AS base
LEFT JOIN account_month AS latest ON latest.account_id = base.account_id AND latest.month = base.month + 12
WHERE base.month <= getvariable('last_month') - 12
GROUP BY base.month;
-- stage: cohort
CREATE TABLE cohort AS
WITH vintage AS (
  SELECT account_id, MIN(month) AS first_month FROM account_month GROUP BY account_id
)
SELECT vintage.first_month, account_month.month, COUNT(*) AS active_customers, SUM(account_month.amount) AS amount
FROM account_month
JOIN vintage USING (account_id)
GROUP BY vintage.first_month, account_month.month;
