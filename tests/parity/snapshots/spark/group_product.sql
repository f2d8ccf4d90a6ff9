/* The product of each customer's product. */
SELECT
  panel.entity_id || ' · ' || panel.product_id AS entity_id,
  CASE
    WHEN 'segment' = 'product_family'
    THEN COALESCE(MIN(product.family), '(unknown)')
    ELSE COALESCE(MIN(product.name), MIN(panel.product_id))
  END AS group_value,
  CAST('0001-01-01' AS DATE) AS from_on,
  CAST('9999-12-31' AS DATE) AS to_on
FROM panel
LEFT JOIN product
  ON product.product_id = panel.product_id
GROUP BY
  panel.entity_id || ' · ' || panel.product_id
