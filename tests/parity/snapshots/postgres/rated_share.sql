/* What a price book asks of a subscription for a product in a billing period: its lines, with their share of what adjusts the */
/* whole bill (largest remainder over the lines above zero; weights are cut to nine digits, the parts still add up). */
WITH lined AS (
  SELECT
    line.subscription_id AS subscription_id,
    line.account_id AS account_id,
    line.period_start AS period_start,
    line.period_end AS period_end,
    line.currency AS currency,
    component.product_id AS product_id,
    component.is_fee AS is_fee,
    CASE WHEN component.is_measured = 1 THEN line.billable_quantity END AS quantity,
    line.amount AS amount
  FROM rated_line AS line
  JOIN rated_component AS component
    ON component.book = line.book
    AND component.version = line.version
    AND component.component_id = line.component_id
    AND component.currency = line.currency
  UNION ALL
  SELECT
    bill.subscription_id AS subscription_id,
    bill.account_id AS account_id,
    bill.period_start AS period_start,
    bill.period_end AS period_end,
    bill.currency AS currency,
    component.product_id AS product_id,
    component.is_fee AS is_fee,
    CAST(NULL AS DECIMAL(18, 6)) AS quantity,
    CAST(0 AS DECIMAL(18, 4)) AS amount
  FROM bill
  JOIN rated_component AS component
    ON component.is_first = 1
    AND component.book = bill.book
    AND component.currency = bill.currency
    AND component.from_on <= bill.period_start
    AND component.to_on > bill.period_start
  WHERE
    bill.adjustment_amount <> 0
    AND NOT EXISTS(
      SELECT
        1 AS hit
      FROM rated_line
      WHERE
        rated_line.subscription_id = bill.subscription_id
        AND rated_line.period_start = bill.period_start
    )
), summed AS (
  SELECT
    lined.subscription_id AS subscription_id,
    lined.account_id AS account_id,
    lined.period_start AS period_start,
    lined.period_end AS period_end,
    lined.currency AS currency,
    lined.product_id AS product_id,
    lined.is_fee AS is_fee,
    CAST(SUM(lined.quantity) AS DECIMAL(18, 6)) AS quantity,
    CAST(SUM(lined.amount) AS DECIMAL(18, 4)) AS amount
  FROM lined
  GROUP BY
    lined.subscription_id,
    lined.account_id,
    lined.period_start,
    lined.period_end,
    lined.currency,
    lined.product_id,
    lined.is_fee
), counted AS (
  SELECT
    summed.subscription_id AS subscription_id,
    summed.account_id AS account_id,
    summed.period_start AS period_start,
    summed.period_end AS period_end,
    summed.currency AS currency,
    summed.product_id AS product_id,
    summed.is_fee AS is_fee,
    summed.quantity AS quantity,
    summed.amount AS amount,
    currency_unit.unit_amount AS unit_amount,
    CASE WHEN bill.adjustment_amount < 0 THEN -1 ELSE 1 END AS sign,
    CAST(ABS(COALESCE(bill.adjustment_amount, CAST(0 AS DECIMAL(18, 4)))) * currency_unit.units_per_major AS BIGINT) AS units,
    CASE
      WHEN summed.amount > 0
      THEN CAST(summed.amount * currency_unit.units_per_major AS BIGINT)
      ELSE CAST(0 AS BIGINT)
    END AS weight
  FROM summed
  JOIN currency_unit
    ON currency_unit.currency = summed.currency
  LEFT JOIN bill
    ON bill.subscription_id = summed.subscription_id
    AND bill.period_start = summed.period_start
), whole AS (
  SELECT
    counted.subscription_id AS subscription_id,
    counted.period_start AS period_start,
    CAST(SUM(counted.weight) AS BIGINT) AS weight,
    CAST(COUNT(*) AS BIGINT) AS lines
  FROM counted
  GROUP BY
    counted.subscription_id,
    counted.period_start
), cut AS (
  SELECT
    counted.subscription_id AS subscription_id,
    counted.account_id AS account_id,
    counted.period_start AS period_start,
    counted.period_end AS period_end,
    counted.currency AS currency,
    counted.product_id AS product_id,
    counted.is_fee AS is_fee,
    counted.quantity AS quantity,
    counted.amount AS amount,
    counted.unit_amount AS unit_amount,
    counted.sign AS sign,
    counted.units AS units,
    CASE
      WHEN whole.weight = 0
      THEN CAST(1 AS BIGINT)
      ELSE DIV(counted.weight, (
        DIV(whole.weight, 1000000000) + 1
      ))
    END AS weight
  FROM counted
  JOIN whole
    ON whole.subscription_id = counted.subscription_id
    AND whole.period_start = counted.period_start
), weighed AS (
  SELECT
    cut.subscription_id AS subscription_id,
    cut.account_id AS account_id,
    cut.period_start AS period_start,
    cut.period_end AS period_end,
    cut.currency AS currency,
    cut.product_id AS product_id,
    cut.is_fee AS is_fee,
    cut.quantity AS quantity,
    cut.amount AS amount,
    cut.unit_amount AS unit_amount,
    cut.sign AS sign,
    cut.units AS units,
    cut.weight AS weight,
    CAST(SUM(cut.weight) OVER (PARTITION BY cut.subscription_id, cut.period_start) AS BIGINT) AS all_weight
  FROM cut
), ranked AS (
  SELECT
    weighed.subscription_id AS subscription_id,
    weighed.account_id AS account_id,
    weighed.period_start AS period_start,
    weighed.period_end AS period_end,
    weighed.currency AS currency,
    weighed.product_id AS product_id,
    weighed.is_fee AS is_fee,
    weighed.quantity AS quantity,
    weighed.amount AS amount,
    weighed.unit_amount AS unit_amount,
    weighed.sign AS sign,
    (
      DIV(weighed.units, weighed.all_weight)
    ) * weighed.weight + DIV(
      (
        (
          weighed.units % weighed.all_weight
        ) * weighed.weight
      ),
      weighed.all_weight
    ) AS whole_units,
    weighed.units - SUM(
      (
        DIV(weighed.units, weighed.all_weight)
      ) * weighed.weight + DIV(
        (
          (
            weighed.units % weighed.all_weight
          ) * weighed.weight
        ),
        weighed.all_weight
      )
    ) OVER (PARTITION BY weighed.subscription_id, weighed.period_start) AS left_over,
    ROW_NUMBER() OVER (
      PARTITION BY weighed.subscription_id, weighed.period_start
      ORDER BY (
        (
          weighed.units % weighed.all_weight
        ) * weighed.weight
      ) % weighed.all_weight DESC NULLS LAST, weighed.product_id, weighed.is_fee
    ) AS remainder_rank
  FROM weighed
)
SELECT
  ranked.subscription_id AS subscription_id,
  ranked.account_id AS account_id,
  CASE
    WHEN ranked.subscription_id = ranked.account_id
    THEN ''
    ELSE ranked.subscription_id
  END AS contract_id,
  ranked.period_start AS period_start,
  ranked.period_end AS period_end,
  ranked.currency AS currency,
  ranked.product_id AS product_id,
  ranked.is_fee AS is_fee,
  ranked.quantity AS quantity,
  CAST(ranked.amount + CAST(CAST(ranked.sign * (
    ranked.whole_units + CASE WHEN ranked.remainder_rank <= ranked.left_over THEN 1 ELSE 0 END
  ) AS DECIMAL(38, 0)) * ranked.unit_amount AS DECIMAL(38, 4)) AS DECIMAL(18, 4)) AS amount
FROM ranked
