-- What minimums and ELAs charge in each period: utilised + overage × factor + true-up.
WITH shared AS (
  SELECT
    commitment_share.owner AS owner,
    commitment_share.place AS place,
    CAST(SUM(CASE WHEN commitment_share.part_number = 1 THEN commitment_share.share_amount ELSE CAST(0 AS DECIMAL(38,6)) END) AS DECIMAL(38,6)) AS utilised,
    CAST(SUM(CASE WHEN commitment_share.part_number = 2 THEN commitment_share.share_amount ELSE CAST(0 AS DECIMAL(38,6)) END) AS DECIMAL(38,6)) AS missing,
    CAST(
      SUM(
        CASE
          WHEN commitment_share.part_number = 3 THEN commitment_share.share_amount
          WHEN commitment_share.part_number = 4 THEN 0 - commitment_share.share_amount
          ELSE CAST(0 AS DECIMAL(38,6))
        END
      ) AS DECIMAL(38,6)
    ) AS price
  FROM commitment_share
  GROUP BY commitment_share.owner, commitment_share.place
),
split AS (
  SELECT
    committed.commitment_id AS commitment_id,
    committed.account_id AS account_id,
    committed.kind AS kind,
    committed.measure AS measure,
    committed.period_start AS period_start,
    committed.period_end AS period_end,
    committed.currency AS currency,
    committed.digits AS digits,
    committed.committed AS committed,
    committed.consumed AS consumed,
    committed.rated_amount AS rated_amount,
    committed.overage_factor AS overage_factor,
    CASE
      WHEN committed.kind = 'ela' THEN shared.price
      WHEN committed.measure = 'quantity' THEN shared.utilised
      ELSE committed.within
    END AS utilised_amount,
    CASE
      WHEN committed.kind = 'ela' THEN CAST(0 AS DECIMAL(38,6))
      WHEN committed.measure = 'quantity' THEN shared.missing
      ELSE committed.missing
    END AS true_up_amount
  FROM committed
  LEFT JOIN shared ON shared.owner = committed.commitment_id AND shared.place = committed.ordinal
),
beyond AS (
  SELECT
    split.commitment_id AS commitment_id,
    split.account_id AS account_id,
    split.kind AS kind,
    split.measure AS measure,
    split.period_start AS period_start,
    split.period_end AS period_end,
    split.currency AS currency,
    split.digits AS digits,
    split.committed AS committed,
    split.consumed AS consumed,
    CAST(split.rated_amount AS DECIMAL(18,4)) AS rated_amount,
    CAST(split.utilised_amount AS DECIMAL(18,4)) AS utilised_amount,
    CAST(split.true_up_amount AS DECIMAL(18,4)) AS true_up_amount,
    CASE
      WHEN split.kind = 'ela' THEN CAST(0 AS DECIMAL(38,12))
      ELSE CAST(
        CAST(split.rated_amount - split.utilised_amount AS DECIMAL(38,4)) * CAST(split.overage_factor AS DECIMAL(18,8)) AS DECIMAL(38,12)
      )
    END AS raw_overage
  FROM split
),
rounded AS (
  SELECT
    beyond.commitment_id AS commitment_id,
    beyond.account_id AS account_id,
    beyond.kind AS kind,
    beyond.measure AS measure,
    beyond.period_start AS period_start,
    beyond.period_end AS period_end,
    beyond.currency AS currency,
    beyond.committed AS committed,
    beyond.consumed AS consumed,
    beyond.rated_amount AS rated_amount,
    beyond.utilised_amount AS utilised_amount,
    beyond.true_up_amount AS true_up_amount,
    CASE
      WHEN beyond.digits = 0 THEN CAST(ROUND(beyond.raw_overage, 0) AS DECIMAL(18,4))
      WHEN beyond.digits = 3 THEN CAST(ROUND(beyond.raw_overage, 3) AS DECIMAL(18,4))
      WHEN beyond.digits = 4 THEN CAST(ROUND(beyond.raw_overage, 4) AS DECIMAL(18,4))
      ELSE CAST(ROUND(beyond.raw_overage, 2) AS DECIMAL(18,4))
    END AS overage_amount
  FROM beyond
)
SELECT
  rounded.commitment_id AS commitment_id,
  rounded.account_id AS account_id,
  rounded.kind AS kind,
  rounded.measure AS measure,
  rounded.period_start AS period_start,
  rounded.period_end AS period_end,
  rounded.currency AS currency,
  CAST(rounded.committed AS DECIMAL(18,6)) AS committed,
  CAST(rounded.consumed AS DECIMAL(18,6)) AS consumed,
  rounded.rated_amount AS rated_amount,
  rounded.utilised_amount AS utilised_amount,
  rounded.overage_amount AS overage_amount,
  rounded.true_up_amount AS true_up_amount,
  CAST(rounded.utilised_amount + rounded.overage_amount + rounded.true_up_amount AS DECIMAL(18,4)) AS charge_amount
FROM rounded
