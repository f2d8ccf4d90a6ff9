-- Decided offers with a size band: thirds of the list price of a year, within the currency; equal prices share a band.
SELECT
  known_offer.offer_id AS offer_id,
  known_offer.currency AS currency,
  known_offer.segment AS segment,
  CAST(
    (RANK() OVER (PARTITION BY known_offer.currency ORDER BY known_offer.list_year_amount) - 1) * 3
    // COUNT(*) OVER (PARTITION BY known_offer.currency) AS BIGINT
  ) AS size_band,
  known_offer.is_discounted AS is_discounted,
  known_offer.has_gift AS has_gift,
  CASE WHEN known_offer.outcome = 'won' THEN 1 ELSE 0 END AS is_won
FROM known_offer
WHERE known_offer.outcome <> 'open'
