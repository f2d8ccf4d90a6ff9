-- The value of an attribute in a month of an account, the last if it changes; the earliest known value also covers all days before it.
WITH ranked AS (
  SELECT
    cell.cell_no AS cell_no,
    account_attribute.value AS value,
    ROW_NUMBER() OVER (
      PARTITION BY cell.cell_no
      ORDER BY
        CASE WHEN YEAR(account_attribute.valid_from) * 12 + MONTH(account_attribute.valid_from) - 1 <= cell.month THEN 0 ELSE 1 END,
        CASE
          WHEN YEAR(account_attribute.valid_from) * 12 + MONTH(account_attribute.valid_from) - 1 <= cell.month
            THEN DATE_DIFF('day', account_attribute.valid_from, DATE '9999-12-31')
          ELSE DATE_DIFF('day', DATE '0001-01-01', account_attribute.valid_from)
        END
    ) AS place
  FROM cell
  JOIN account_attribute ON account_attribute.account_id = cell.account_id AND account_attribute.attribute = $attribute
)
SELECT
  cell.cell_no AS cell_no,
  COALESCE(ranked.value, '') AS value
FROM cell
LEFT JOIN ranked ON ranked.cell_no = cell.cell_no AND ranked.place = 1
