-- Every change of a customer's product from one look to the next: stored months only, a loss stands in the month after the gap opens.
WITH neighbour AS (
  SELECT
    panel.entity_id AS entity_id,
    panel.next_entity_id AS next_entity_id,
    panel.account_id AS account_id,
    panel.product_id AS product_id,
    panel.contract_id AS contract_id,
    panel.currency AS currency,
    panel.month AS month,
    panel.native_amount AS native_amount,
    panel.rate AS rate,
    panel.recurring_amount AS recurring_amount,
    panel.quantity AS quantity,
    LAG(panel.month) OVER series AS previous_month,
    LAG(panel.entity_id) OVER series AS previous_entity_id,
    LAG(panel.native_amount) OVER series AS previous_native_amount,
    LAG(panel.recurring_amount) OVER series AS previous_amount,
    LAG(panel.quantity) OVER series AS previous_quantity,
    LEAD(panel.month) OVER series AS following_month
  FROM panel
  WINDOW series AS (PARTITION BY panel.account_id, panel.product_id, panel.contract_id, panel.currency ORDER BY panel.month)
),
change AS (
  SELECT
    neighbour.entity_id AS entity_id,
    CASE WHEN neighbour.previous_month = neighbour.month - $stride THEN neighbour.previous_entity_id END AS previous_entity_id,
    neighbour.account_id AS account_id,
    neighbour.product_id AS product_id,
    neighbour.contract_id AS contract_id,
    neighbour.currency AS currency,
    neighbour.month AS month,
    CASE WHEN neighbour.previous_month = neighbour.month - $stride THEN neighbour.previous_amount ELSE CAST(0 AS DECIMAL(18,4)) END AS before_amount,
    neighbour.recurring_amount AS after_amount,
    CASE
      WHEN $fx <> 'constant' AND neighbour.previous_month = neighbour.month - $stride
        THEN CAST(
          ROUND(CAST(CAST(neighbour.previous_native_amount AS DECIMAL(38,4)) * neighbour.rate AS DECIMAL(38,12)), 4)
          - neighbour.previous_amount AS DECIMAL(18,4)
        )
      ELSE CAST(0 AS DECIMAL(18,4))
    END AS fx_amount,
    CASE WHEN neighbour.previous_month = neighbour.month - $stride THEN neighbour.previous_quantity END AS before_quantity,
    neighbour.quantity AS after_quantity,
    CASE WHEN neighbour.previous_month = neighbour.month - $stride THEN 0 ELSE 1 END AS line_change
  FROM neighbour
  UNION ALL
  SELECT
    neighbour.next_entity_id AS entity_id,
    neighbour.entity_id AS previous_entity_id,
    neighbour.account_id AS account_id,
    neighbour.product_id AS product_id,
    neighbour.contract_id AS contract_id,
    neighbour.currency AS currency,
    neighbour.month + $stride AS month,
    neighbour.recurring_amount AS before_amount,
    CAST(0 AS DECIMAL(18,4)) AS after_amount,
    CAST(0 AS DECIMAL(18,4)) AS fx_amount,
    neighbour.quantity AS before_quantity,
    CAST(NULL AS DECIMAL(18,6)) AS after_quantity,
    -1 AS line_change
  FROM neighbour
  WHERE (neighbour.following_month IS NULL OR neighbour.following_month <> neighbour.month + $stride)
    AND neighbour.month + $stride <= $last_month
)
SELECT
  change.entity_id AS entity_id,
  CASE WHEN change.previous_entity_id <> change.entity_id THEN change.previous_entity_id END AS moved_from_entity_id,
  change.account_id AS account_id,
  change.product_id AS product_id,
  change.currency AS currency,
  change.month AS month,
  0 AS moment,
  change.before_amount AS before_amount,
  change.after_amount AS after_amount,
  change.fx_amount AS fx_amount,
  change.before_quantity AS before_quantity,
  change.after_quantity AS after_quantity,
  change.line_change AS line_change
FROM change
WHERE change.before_amount <> change.after_amount OR change.line_change <> 0 OR change.previous_entity_id <> change.entity_id
