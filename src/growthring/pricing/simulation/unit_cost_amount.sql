-- What serving the quantities costs, by month of an account, in ten-thousandths.
SELECT
  cell.cell_no AS cell_no,
  CAST(
    ROUND(
      SUM(CAST(CAST(metered.quantity AS DECIMAL(18,6)) * CAST(unit_cost.unit_cost AS DECIMAL(18,8)) AS DECIMAL(38,14))) * 10000, 0
    ) AS BIGINT
  ) AS amount
FROM metered
JOIN unit_cost ON unit_cost.meter = metered.meter
JOIN simulated_period
  ON simulated_period.subscription_id = metered.subscription_id AND simulated_period.period_start = metered.period_start
JOIN cell
  ON cell.account_id = simulated_period.account_id
  AND cell.currency = simulated_period.currency
  AND cell.month = simulated_period.month
GROUP BY cell.cell_no
