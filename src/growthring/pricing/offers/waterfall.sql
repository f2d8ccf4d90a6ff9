-- From list to net: what was asked, what was given away, what was won, by whom or to whom.
WITH grouped AS (
  SELECT
    CASE
      WHEN $by = 'rep' THEN known_offer.rep
      WHEN $by = 'manager' THEN known_offer.manager
      ELSE known_offer.segment
    END AS group_value,
    known_offer.currency AS currency,
    known_offer.outcome AS outcome,
    known_offer.is_discounted AS is_discounted,
    known_offer.has_gift AS has_gift,
    known_offer.list_amount AS list_amount,
    known_offer.discount_amount AS discount_amount,
    known_offer.amount AS amount
  FROM known_offer
)
SELECT
  grouped.group_value AS group_value,
  grouped.currency AS currency,
  COUNT(*) AS offers,
  SUM(CASE WHEN grouped.outcome <> 'open' THEN 1 ELSE 0 END) AS decided,
  SUM(CASE WHEN grouped.outcome = 'won' THEN 1 ELSE 0 END) AS won,
  SUM(grouped.is_discounted) AS discounted,
  SUM(grouped.has_gift) AS gifts,
  SUM(grouped.list_amount) AS list_amount,
  SUM(grouped.discount_amount) AS discount_amount,
  SUM(grouped.amount) AS net_amount,
  SUM(CASE WHEN grouped.outcome = 'won' THEN grouped.list_amount ELSE CAST(0 AS DECIMAL(18,4)) END) AS won_list_amount,
  SUM(CASE WHEN grouped.outcome = 'won' THEN grouped.discount_amount ELSE CAST(0 AS DECIMAL(18,4)) END) AS won_discount_amount,
  SUM(CASE WHEN grouped.outcome = 'won' THEN grouped.amount ELSE CAST(0 AS DECIMAL(18,4)) END) AS won_net_amount
FROM grouped
GROUP BY grouped.group_value, grouped.currency
