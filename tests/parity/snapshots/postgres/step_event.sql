/* Every change inside a month, one by one (grain event) or day by day (grain day); exchange drift stands at the month's start. */
WITH turn AS (
  SELECT
    account_id,
    product_id,
    contract_id,
    currency,
    starts_on AS happened_on,
    monthly_amount AS native_change,
    quantity AS quantity_change,
    1 AS line_change
  FROM rate_segment
  UNION ALL
  SELECT
    account_id,
    product_id,
    contract_id,
    currency,
    ends_on AS happened_on,
    CAST(-monthly_amount AS DECIMAL(18, 4)) AS native_change,
    CAST(-quantity AS DECIMAL(18, 6)) AS quantity_change,
    -1 AS line_change
  FROM rate_segment
  UNION ALL
  SELECT
    account_id,
    product_id,
    contract_id,
    currency,
    paused_from AS happened_on,
    CAST(-monthly_amount AS DECIMAL(18, 4)) AS native_change,
    CAST(-quantity AS DECIMAL(18, 6)) AS quantity_change,
    CASE WHEN 'zero' = 'churn' THEN -1 ELSE 0 END AS line_change
  FROM rate_segment
  WHERE
    'zero' <> 'keep' AND paused_from >= starts_on AND paused_from < ends_on
  UNION ALL
  SELECT
    account_id,
    product_id,
    contract_id,
    currency,
    LEAST(paused_to, ends_on) AS happened_on,
    monthly_amount AS native_change,
    quantity AS quantity_change,
    CASE WHEN 'zero' = 'churn' THEN 1 ELSE 0 END AS line_change
  FROM rate_segment
  WHERE
    'zero' <> 'keep' AND paused_from >= starts_on AND paused_from < ends_on
), stretch_flow AS (
  SELECT
    account_id,
    product_id,
    contract_id,
    currency,
    month,
    SUM(amount) AS amount
  FROM spread_month
  GROUP BY
    account_id,
    product_id,
    contract_id,
    currency,
    month
  HAVING
    SUM(amount) <> 0
), flow_change AS (
  SELECT
    account_id,
    product_id,
    contract_id,
    currency,
    month,
    amount AS native_change,
    1 AS line_change
  FROM stretch_flow
  UNION ALL
  SELECT
    account_id,
    product_id,
    contract_id,
    currency,
    month + 1 AS month,
    -amount AS native_change,
    -1 AS line_change
  FROM stretch_flow
), event AS (
  SELECT
    turn.account_id AS account_id,
    turn.product_id AS product_id,
    CASE WHEN FALSE THEN turn.contract_id ELSE '' END AS contract_id,
    turn.contract_id AS source_contract_id,
    turn.currency AS currency,
    CAST(EXTRACT(YEAR FROM turn.happened_on) * 12 + EXTRACT(MONTH FROM turn.happened_on) - 1 AS INT) AS month,
    CAST(EXTRACT(DAY FROM turn.happened_on) AS INT) AS day_number,
    SUM(turn.native_change) AS native_change,
    SUM(turn.quantity_change) AS quantity_change,
    SUM(turn.line_change) AS line_change
  FROM turn
  GROUP BY
    turn.account_id,
    turn.product_id,
    CASE WHEN FALSE THEN turn.contract_id ELSE '' END,
    turn.contract_id,
    turn.currency,
    CAST(EXTRACT(YEAR FROM turn.happened_on) * 12 + EXTRACT(MONTH FROM turn.happened_on) - 1 AS INT),
    CAST(EXTRACT(DAY FROM turn.happened_on) AS INT)
  UNION ALL
  SELECT
    flow_change.account_id AS account_id,
    flow_change.product_id AS product_id,
    CASE WHEN FALSE THEN flow_change.contract_id ELSE '' END AS contract_id,
    flow_change.contract_id AS source_contract_id,
    flow_change.currency AS currency,
    flow_change.month AS month,
    32 AS day_number,
    SUM(flow_change.native_change) AS native_change,
    CAST(NULL AS DECIMAL(18, 6)) AS quantity_change,
    SUM(flow_change.line_change) AS line_change
  FROM flow_change
  GROUP BY
    flow_change.account_id,
    flow_change.product_id,
    CASE WHEN FALSE THEN flow_change.contract_id ELSE '' END,
    flow_change.contract_id,
    flow_change.currency,
    flow_change.month
), signed AS (
  SELECT
    event.account_id AS account_id,
    event.product_id AS product_id,
    event.contract_id AS contract_id,
    event.source_contract_id AS source_contract_id,
    event.currency AS currency,
    event.month AS month,
    event.day_number AS day_number,
    event.native_change AS native_change,
    event.quantity_change AS quantity_change,
    event.line_change AS line_change,
    SUM(event.native_change) OVER (
      PARTITION BY event.account_id, event.source_contract_id, event.month, event.day_number
    ) AS contract_change
  FROM event
  WHERE
    event.native_change <> 0 OR event.line_change <> 0
), ordered AS (
  SELECT
    signed.account_id AS account_id,
    signed.product_id AS product_id,
    signed.contract_id AS contract_id,
    signed.currency AS currency,
    signed.month AS month,
    signed.day_number * 1000 + CASE
      WHEN 'month_end' = 'day'
      THEN 0
      ELSE DENSE_RANK() OVER (
        PARTITION BY signed.account_id, signed.month, signed.day_number
        ORDER BY CASE WHEN signed.contract_change >= 0 THEN 0 ELSE 1 END, signed.source_contract_id
      )
    END AS moment,
    signed.native_change AS native_change,
    signed.quantity_change AS quantity_change,
    signed.line_change AS line_change
  FROM signed
), merged AS (
  SELECT
    ordered.account_id AS account_id,
    ordered.product_id AS product_id,
    ordered.contract_id AS contract_id,
    ordered.currency AS currency,
    ordered.month AS month,
    CAST(ordered.moment AS INT) AS moment,
    SUM(ordered.native_change) AS native_change,
    SUM(ordered.quantity_change) AS quantity_change,
    SUM(ordered.line_change) AS line_change
  FROM ordered
  GROUP BY
    ordered.account_id,
    ordered.product_id,
    ordered.contract_id,
    ordered.currency,
    ordered.month,
    ordered.moment
), presence AS (
  SELECT
    merged.account_id AS account_id,
    merged.month AS month,
    SUM(SUM(merged.line_change)) OVER (
      PARTITION BY merged.account_id
      ORDER BY merged.month
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS end_lines,
    SUM(merged.line_change) AS month_lines
  FROM merged
  GROUP BY
    merged.account_id,
    merged.month
), kept AS (
  SELECT
    merged.account_id AS account_id,
    merged.product_id AS product_id,
    merged.contract_id AS contract_id,
    merged.currency AS currency,
    merged.month AS month,
    merged.moment AS moment,
    reporting_rate.rate AS rate,
    CAST(SUM(merged.native_change) OVER series AS DECIMAL(18, 4)) AS after_native,
    CAST(SUM(merged.native_change) OVER series - merged.native_change AS DECIMAL(18, 4)) AS before_native,
    CAST(SUM(merged.quantity_change) OVER series AS DECIMAL(18, 6)) AS after_quantity,
    CAST(SUM(merged.quantity_change) OVER series - merged.quantity_change AS DECIMAL(18, 6)) AS before_quantity,
    SUM(merged.line_change) OVER series AS after_lines,
    merged.line_change AS line_change
  FROM merged
  JOIN presence
    ON presence.account_id = merged.account_id AND presence.month = merged.month
  JOIN month_spine AS spine
    ON spine.month = merged.month
  JOIN reporting_rate
    ON reporting_rate.currency = merged.currency
    AND CASE
      WHEN 'floating' = 'constant'
      THEN CAST('2024-06-30' AS DATE)
      WHEN 'floating' = 'event'
      THEN LEAST((
        spine.first_day + CAST(DIV(merged.moment, 1000) - 1 AS INT)
      ), spine.last_day)
      ELSE spine.last_day
    END >= reporting_rate.from_on
    AND CASE
      WHEN 'floating' = 'constant'
      THEN CAST('2024-06-30' AS DATE)
      WHEN 'floating' = 'event'
      THEN LEAST((
        spine.first_day + CAST(DIV(merged.moment, 1000) - 1 AS INT)
      ), spine.last_day)
      ELSE spine.last_day
    END < reporting_rate.to_on
  WHERE
    'net' <> 'ignore'
    OR presence.end_lines > 0
    OR presence.end_lines - presence.month_lines > 0
  WINDOW series AS (
    PARTITION BY merged.account_id, merged.product_id, merged.contract_id, merged.currency
    ORDER BY merged.month, merged.moment
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
), booked AS (
  SELECT
    kept.account_id AS account_id,
    kept.product_id AS product_id,
    kept.contract_id AS contract_id,
    kept.currency AS currency,
    kept.month AS month,
    kept.moment AS moment,
    CAST(ROUND(CAST(CAST(kept.before_native AS DECIMAL(38, 4)) * kept.rate AS DECIMAL(38, 12)), 4) AS DECIMAL(18, 4)) AS before_amount,
    CAST(ROUND(CAST(CAST(kept.after_native AS DECIMAL(38, 4)) * kept.rate AS DECIMAL(38, 12)), 4) AS DECIMAL(18, 4)) AS after_amount,
    kept.before_quantity AS before_quantity,
    kept.after_quantity AS after_quantity,
    CASE
      WHEN kept.after_lines > 0 AND kept.after_lines - kept.line_change <= 0
      THEN 1
      WHEN kept.after_lines <= 0 AND kept.after_lines - kept.line_change > 0
      THEN -1
      ELSE 0
    END AS line_change
  FROM kept
  WHERE
    kept.month <= 24293
), state AS (
  SELECT
    account_id,
    product_id,
    contract_id,
    currency,
    month,
    recurring_amount AS now_amount,
    CAST(0 AS DECIMAL(18, 4)) AS before_amount,
    CAST(0 AS DECIMAL(18, 4)) AS booked_amount
  FROM panel
  UNION ALL
  SELECT
    account_id,
    product_id,
    contract_id,
    currency,
    month + 1 AS month,
    CAST(0 AS DECIMAL(18, 4)) AS now_amount,
    recurring_amount AS before_amount,
    CAST(0 AS DECIMAL(18, 4)) AS booked_amount
  FROM panel
  WHERE
    month + 1 <= 24293
  UNION ALL
  SELECT
    account_id,
    product_id,
    contract_id,
    currency,
    month,
    CAST(0 AS DECIMAL(18, 4)) AS now_amount,
    CAST(0 AS DECIMAL(18, 4)) AS before_amount,
    CAST(after_amount - before_amount AS DECIMAL(18, 4)) AS booked_amount
  FROM booked
), drift AS (
  SELECT
    state.account_id AS account_id,
    state.product_id AS product_id,
    state.contract_id AS contract_id,
    state.currency AS currency,
    state.month AS month,
    CAST(SUM(state.before_amount) AS DECIMAL(18, 4)) AS before_amount,
    CAST(SUM(state.now_amount) - SUM(state.before_amount) - SUM(state.booked_amount) AS DECIMAL(18, 4)) AS fx_amount
  FROM state
  GROUP BY
    state.account_id,
    state.product_id,
    state.contract_id,
    state.currency,
    state.month
  HAVING
    SUM(state.now_amount) - SUM(state.before_amount) - SUM(state.booked_amount) <> 0
), moved AS (
  SELECT
    panel.next_entity_id AS entity_id,
    panel.entity_id AS moved_from_entity_id,
    panel.account_id AS account_id,
    panel.product_id AS product_id,
    panel.contract_id AS contract_id,
    panel.currency AS currency,
    panel.month + 1 AS month,
    panel.recurring_amount AS amount
  FROM panel
  WHERE
    panel.next_entity_id <> panel.entity_id AND panel.month + 1 <= 24293
), combined AS (
  SELECT
    account_id,
    product_id,
    contract_id,
    currency,
    month,
    moment,
    before_amount,
    after_amount,
    CAST(0 AS DECIMAL(18, 4)) AS fx_amount,
    before_quantity,
    after_quantity,
    line_change
  FROM booked
  UNION ALL
  SELECT
    account_id,
    product_id,
    contract_id,
    currency,
    month,
    1 AS moment,
    before_amount,
    CAST(before_amount + fx_amount AS DECIMAL(18, 4)) AS after_amount,
    fx_amount,
    CAST(NULL AS DECIMAL(18, 6)) AS before_quantity,
    CAST(NULL AS DECIMAL(18, 6)) AS after_quantity,
    0 AS line_change
  FROM drift
)
SELECT
  CASE
    WHEN 'account' = 'item'
    THEN combined.account_id || ' / ' || combined.product_id || ' / ' || combined.contract_id
    WHEN 'account' = 'subscription' AND combined.contract_id <> ''
    THEN combined.contract_id
    WHEN 'account' = 'subscription'
    THEN combined.account_id
    ELSE COALESCE(entity_span.entity_id, combined.account_id)
  END AS entity_id,
  CAST(NULL AS TEXT) AS moved_from_entity_id,
  combined.account_id AS account_id,
  combined.product_id AS product_id,
  combined.currency AS currency,
  combined.month AS month,
  combined.moment AS moment,
  combined.before_amount AS before_amount,
  combined.after_amount AS after_amount,
  combined.fx_amount AS fx_amount,
  combined.before_quantity AS before_quantity,
  combined.after_quantity AS after_quantity,
  combined.line_change AS line_change
FROM combined
LEFT JOIN entity_span
  ON entity_span.account_id = combined.account_id
  AND combined.month >= entity_span.from_month
  AND combined.month < entity_span.to_month
UNION ALL
SELECT
  moved.entity_id AS entity_id,
  moved.moved_from_entity_id AS moved_from_entity_id,
  moved.account_id AS account_id,
  moved.product_id AS product_id,
  moved.currency AS currency,
  moved.month AS month,
  0 AS moment,
  moved.amount AS before_amount,
  moved.amount AS after_amount,
  CAST(0 AS DECIMAL(18, 4)) AS fx_amount,
  CAST(NULL AS DECIMAL(18, 6)) AS before_quantity,
  CAST(NULL AS DECIMAL(18, 6)) AS after_quantity,
  0 AS line_change
FROM moved
