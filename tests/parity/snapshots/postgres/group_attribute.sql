/* The value of an attribute of each customer with the days it held; the earliest value also covers the time before it. */
WITH dated AS (
  SELECT
    owner.entity_id AS entity_id,
    account_attribute.value AS group_value,
    account_attribute.valid_from AS valid_from,
    ROW_NUMBER() OVER (PARTITION BY owner.entity_id ORDER BY account_attribute.valid_from) AS position,
    LEAD(account_attribute.valid_from) OVER (PARTITION BY owner.entity_id ORDER BY account_attribute.valid_from) AS next_from
  FROM (
    SELECT
      account_attribute.account_id AS entity_id,
      account_attribute.account_id AS account_id
    FROM account_attribute
    WHERE
      'account' IN ('account', 'parent')
    GROUP BY
      account_attribute.account_id
    UNION ALL
    SELECT
      panel.entity_id AS entity_id,
      MIN(panel.account_id) AS account_id
    FROM panel
    WHERE
      NOT 'account' IN ('account', 'parent')
    GROUP BY
      panel.entity_id
  ) AS owner
  JOIN account_attribute
    ON account_attribute.account_id = owner.account_id
  WHERE
    account_attribute.attribute = 'segment'
    AND account_attribute.known_at <= CAST('9999-01-01 00:00:00' AS TIMESTAMP)
)
SELECT
  dated.entity_id AS entity_id,
  dated.group_value AS group_value,
  CASE
    WHEN dated.position = 1
    THEN CAST('0001-01-01' AS DATE)
    ELSE dated.valid_from
  END AS from_on,
  COALESCE(dated.next_from, CAST('9999-12-31' AS DATE)) AS to_on
FROM dated
