/* Every change of a customer's product from one look to the next: what it is beside what it was, nothing standing for none. */
WITH change AS (
  SELECT
    COALESCE(here.entity_id, earlier.next_entity_id) AS entity_id,
    earlier.entity_id AS previous_entity_id,
    COALESCE(here.account_id, earlier.account_id) AS account_id,
    COALESCE(here.product_id, earlier.product_id) AS product_id,
    COALESCE(here.currency, earlier.currency) AS currency,
    COALESCE(here.month, earlier.month + 1) AS month,
    COALESCE(earlier.recurring_amount, CAST('0' AS Nullable(Decimal(18, 4)))) AS before_amount,
    COALESCE(here.recurring_amount, CAST('0' AS Nullable(Decimal(18, 4)))) AS after_amount,
    CASE
      WHEN NOT (
        earlier.month IS NULL
      )
      AND NOT (
        here.month IS NULL
      )
      AND (
        'floating' = 'floating'
        OR (
          'floating' = 'event'
          AND ROUND(
            CAST(CAST(here.native_amount AS Nullable(Decimal(38, 4))) * here.rate AS Nullable(Decimal(38, 12))),
            4
          ) = here.recurring_amount
        )
      )
      THEN CAST(ROUND(
        CAST(CAST(earlier.native_amount AS Nullable(Decimal(38, 4))) * here.rate AS Nullable(Decimal(38, 12))),
        4
      ) - earlier.recurring_amount AS Nullable(Decimal(18, 4)))
      ELSE CAST('0' AS Nullable(Decimal(18, 4)))
    END AS fx_amount,
    earlier.quantity AS before_quantity,
    here.quantity AS after_quantity,
    CASE WHEN earlier.month IS NULL THEN 1 WHEN here.month IS NULL THEN -1 ELSE 0 END AS line_change
  FROM panel AS here
  FULL JOIN panel AS earlier
    ON earlier.account_id = here.account_id
    AND earlier.product_id = here.product_id
    AND earlier.contract_id = here.contract_id
    AND earlier.currency = here.currency
    AND earlier.month + 1 = here.month
  WHERE
    NOT (
      here.month IS NULL
    ) OR earlier.month + 1 <= 24293
)
SELECT
  change.entity_id AS entity_id,
  CASE
    WHEN change.previous_entity_id <> change.entity_id
    THEN change.previous_entity_id
  END AS moved_from_entity_id,
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
WHERE
  change.before_amount <> change.after_amount
  OR change.line_change <> 0
  OR change.previous_entity_id <> change.entity_id
