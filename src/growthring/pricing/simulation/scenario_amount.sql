-- What a scenario asks for, by month of an account, in ten-thousandths.
SELECT
  cell.cell_no AS cell_no,
  CAST(SUM(CAST(bill.amount AS DECIMAL(38,4)) * 10000) AS BIGINT) AS amount
FROM bill
JOIN cell
  ON cell.account_id = bill.account_id
  AND cell.currency = bill.currency
  AND cell.month = CAST(YEAR(bill.period_start) * 12 + MONTH(bill.period_start) - 1 AS INTEGER)
GROUP BY cell.cell_no
