-- Offers as known then: decisions of later days are still open, the segment is that of the day, the price is that of a year.
WITH dated AS (
  SELECT
    account_attribute.account_id AS account_id,
    account_attribute.value AS segment,
    CASE
      WHEN ROW_NUMBER() OVER (PARTITION BY account_attribute.account_id ORDER BY account_attribute.valid_from) = 1 THEN DATE '0001-01-01'
      ELSE account_attribute.valid_from
    END AS from_on,
    COALESCE(
      LEAD(account_attribute.valid_from) OVER (PARTITION BY account_attribute.account_id ORDER BY account_attribute.valid_from),
      DATE '9999-12-31'
    ) AS to_on
  FROM account_attribute
  WHERE account_attribute.attribute = 'segment' AND account_attribute.known_at <= $as_of
),
measured AS (
  SELECT
    offer.offer_id AS offer_id,
    CAST(CAST(offer.amount AS DECIMAL(38,4)) * 10000 AS BIGINT) AS units,
    CAST(CAST(offer.list_amount AS DECIMAL(38,4)) * 10000 AS BIGINT) AS list_units,
    CAST(COALESCE(offer.term_months, 12) AS BIGINT) AS months
  FROM offer
)
SELECT
  offer.offer_id AS offer_id,
  offer.account_id AS account_id,
  COALESCE(offer.segment, dated.segment, '(unknown)') AS segment,
  offer.product_id AS product_id,
  offer.currency AS currency,
  offer.offered_on AS offered_on,
  measured.months AS term_months,
  COALESCE(offer.prepaid, 'no') AS prepaid,
  COALESCE(offer.rep, '(nobody)') AS rep,
  COALESCE(offer.manager, '(nobody)') AS manager,
  CASE WHEN COALESCE(offer.gift, '') = '' THEN 0 ELSE 1 END AS has_gift,
  offer.list_amount AS list_amount,
  offer.amount AS amount,
  CAST(offer.list_amount - offer.amount AS DECIMAL(18,4)) AS discount_amount,
  CASE WHEN offer.list_amount > offer.amount THEN 1 ELSE 0 END AS is_discounted,
  CAST(
    CAST((measured.units * 24 + measured.months) // (measured.months * 2) AS DECIMAL(38,0)) * CAST(0.0001 AS DECIMAL(18,4))
    AS DECIMAL(18,4)
  ) AS year_amount,
  CAST(
    CAST((measured.list_units * 24 + measured.months) // (measured.months * 2) AS DECIMAL(38,0)) * CAST(0.0001 AS DECIMAL(18,4))
    AS DECIMAL(18,4)
  ) AS list_year_amount,
  CASE WHEN offer.decided_on <= $through THEN COALESCE(offer.outcome, 'open') ELSE 'open' END AS outcome,
  CASE WHEN offer.decided_on <= $through AND offer.outcome <> 'open' THEN offer.decided_on ELSE NULL END AS decided_on
FROM offer
JOIN measured ON measured.offer_id = offer.offer_id
LEFT JOIN dated
  ON dated.account_id = offer.account_id AND offer.offered_on >= dated.from_on AND offer.offered_on < dated.to_on
WHERE offer.known_at <= $as_of AND offer.offered_on <= $through
