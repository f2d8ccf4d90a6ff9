-- Won deals in runs of so many per manager, in the order in which they were decided; which discounts go beyond the quota of a run.
WITH placed AS (
  SELECT
    known_offer.offer_id AS offer_id,
    known_offer.account_id AS account_id,
    known_offer.manager AS manager,
    known_offer.rep AS rep,
    known_offer.currency AS currency,
    known_offer.decided_on AS decided_on,
    known_offer.list_amount AS list_amount,
    known_offer.list_year_amount AS list_year_amount,
    known_offer.discount_amount AS discount_amount,
    known_offer.is_discounted AS is_discounted,
    CAST(
      ROW_NUMBER() OVER (PARTITION BY known_offer.manager ORDER BY known_offer.decided_on, known_offer.offer_id) AS BIGINT
    ) AS place
  FROM known_offer
  WHERE known_offer.outcome = 'won'
),
run AS (
  SELECT
    placed.offer_id AS offer_id,
    (placed.place - 1) // $run_deals + 1 AS run_no
  FROM placed
)
SELECT
  placed.manager AS manager,
  run.run_no AS run_no,
  placed.place AS place,
  placed.offer_id AS offer_id,
  placed.account_id AS account_id,
  placed.rep AS rep,
  placed.currency AS currency,
  placed.decided_on AS decided_on,
  placed.list_amount AS list_amount,
  placed.list_year_amount AS list_year_amount,
  placed.discount_amount AS discount_amount,
  placed.is_discounted AS is_discounted,
  CAST(SUM(placed.is_discounted) OVER (PARTITION BY placed.manager, run.run_no ORDER BY placed.place) AS BIGINT) AS discounted_so_far
FROM placed
JOIN run ON run.offer_id = placed.offer_id
