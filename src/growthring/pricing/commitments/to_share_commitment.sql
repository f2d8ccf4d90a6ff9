-- Money to be shared out by units or days: consumption within a commitment in units, its shortfall, the price of an ELA.
SELECT
  committed.commitment_id AS owner,
  committed.ordinal AS place,
  1 AS part_number,
  committed.digits AS digits,
  CAST(committed.rated_amount AS DECIMAL(18,4)) AS whole_amount,
  committed.within AS part,
  committed.consumed AS whole
FROM committed
WHERE committed.kind = 'minimum' AND committed.measure = 'quantity'
UNION ALL
SELECT
  committed.commitment_id AS owner,
  committed.ordinal AS place,
  2 AS part_number,
  committed.digits AS digits,
  CASE WHEN committed.price_amount > 0 THEN committed.price_amount ELSE CAST(committed.rated_through AS DECIMAL(18,4)) END AS whole_amount,
  committed.missing AS part,
  CASE WHEN committed.price_amount > 0 THEN committed.price_per ELSE committed.consumed_through END AS whole
FROM committed
WHERE committed.kind = 'minimum' AND committed.measure = 'quantity'
UNION ALL
SELECT
  committed.commitment_id AS owner,
  committed.ordinal AS place,
  3 AS part_number,
  committed.digits AS digits,
  committed.price_amount AS whole_amount,
  CAST(committed.elapsed_through AS DECIMAL(38,6)) AS part,
  CAST(committed.term_days AS DECIMAL(38,6)) AS whole
FROM committed
WHERE committed.kind = 'ela'
UNION ALL
SELECT
  committed.commitment_id AS owner,
  committed.ordinal AS place,
  4 AS part_number,
  committed.digits AS digits,
  committed.price_amount AS whole_amount,
  CAST(committed.elapsed_before AS DECIMAL(38,6)) AS part,
  CAST(committed.term_days AS DECIMAL(38,6)) AS whole
FROM committed
WHERE committed.kind = 'ela'
