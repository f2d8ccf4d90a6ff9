/* N-37: months in which people noted that the company itself advised an account to spend less. */
SELECT
  tag.account_id AS account_id,
  spine.month AS month
FROM tag
JOIN month_spine AS spine
  ON spine.month BETWEEN tag.first_month AND tag.last_month
WHERE
  tag.tag = 'advised_saving'
GROUP BY
  tag.account_id,
  spine.month
