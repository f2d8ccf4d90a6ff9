-- Metered quantities in millionths, with what decides their price in any scenario, and the month of the account they are billed in.
SELECT
  cell.cell_no AS cell_no,
  rate_group.group_no AS group_no,
  CAST(CAST(metered.quantity AS DECIMAL(38,6)) * 1000000 AS BIGINT) AS quantity
FROM metered
JOIN simulated_period
  ON simulated_period.subscription_id = metered.subscription_id AND simulated_period.period_start = metered.period_start
JOIN era ON simulated_period.active_from >= era.from_on AND simulated_period.active_from < era.until_on
JOIN rate_group
  ON rate_group.book = simulated_period.book
  AND rate_group.meter = metered.meter
  AND rate_group.currency = simulated_period.currency
  AND rate_group.era_no = era.era_no
JOIN cell
  ON cell.account_id = simulated_period.account_id
  AND cell.currency = simulated_period.currency
  AND cell.month = simulated_period.month
