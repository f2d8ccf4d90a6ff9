-- Metered quantities after customers responded to a price: times the factor of the account, to six decimals.
SELECT
  before.subscription_id AS subscription_id,
  before.account_id AS account_id,
  before.meter AS meter,
  before.dimensions AS dimensions,
  before.period_start AS period_start,
  before.period_end AS period_end,
  before.bucket_at AS bucket_at,
  CAST(
    ROUND(CAST(CAST(before.quantity AS DECIMAL(28,6)) * CAST(COALESCE(response.factor, 1) AS DECIMAL(18,8)) AS DECIMAL(38,14)), 6)
    AS DECIMAL(18,6)
  ) AS quantity,
  before.events AS events,
  CAST(
    ROUND(CAST(CAST(before.event_amount AS DECIMAL(28,8)) * CAST(COALESCE(response.factor, 1) AS DECIMAL(18,8)) AS DECIMAL(38,16)), 8)
    AS DECIMAL(18,8)
  ) AS event_amount
FROM before
LEFT JOIN response ON response.account_id = before.account_id
