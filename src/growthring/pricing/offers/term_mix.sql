-- Offers and deals by the length of the term and by whether it is paid ahead.
SELECT
  known_offer.currency AS currency,
  known_offer.term_months AS term_months,
  known_offer.prepaid AS prepaid,
  COUNT(*) AS offers,
  SUM(CASE WHEN known_offer.outcome = 'open' THEN 1 ELSE 0 END) AS open_offers,
  SUM(CASE WHEN known_offer.outcome = 'won' THEN 1 ELSE 0 END) AS won,
  SUM(CASE WHEN known_offer.outcome = 'won' THEN known_offer.amount ELSE CAST(0 AS DECIMAL(18,4)) END) AS won_amount
FROM known_offer
GROUP BY known_offer.currency, known_offer.term_months, known_offer.prepaid
