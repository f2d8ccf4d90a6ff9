/* Who counts as the customer: each row of recurring revenue under its entity, this month and the next time the ledger looks. */
SELECT
  CASE
    WHEN 'account' = 'item'
    THEN recurring.account_id || ' / ' || recurring.product_id || ' / ' || recurring.contract_id
    WHEN 'account' = 'subscription' AND recurring.contract_id <> ''
    THEN recurring.contract_id
    ELSE recurring.account_id
  END AS entity_id,
  CASE
    WHEN 'account' = 'item'
    THEN recurring.account_id || ' / ' || recurring.product_id || ' / ' || recurring.contract_id
    WHEN 'account' = 'subscription' AND recurring.contract_id <> ''
    THEN recurring.contract_id
    ELSE recurring.account_id
  END AS next_entity_id,
  recurring.account_id AS account_id,
  recurring.product_id AS product_id,
  recurring.contract_id AS contract_id,
  recurring.currency AS currency,
  recurring.month AS month,
  recurring.native_amount AS native_amount,
  recurring.rate AS rate,
  recurring.recurring_amount AS recurring_amount,
  recurring.usage_amount AS usage_amount,
  recurring.quantity AS quantity
FROM scoped AS recurring
WHERE
  1 = 1 OR (
    recurring.month + 0
  ) % 3 = 2
