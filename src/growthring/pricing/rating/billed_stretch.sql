-- Which version of which book a subscription is billed under, by the first day billed of a period; a gap belongs to what follows it.
WITH ordered AS (
  SELECT
    subscription.subscription_id AS subscription_id,
    subscription.account_id AS account_id,
    subscription.calendar_id AS calendar_id,
    subscription.book AS book,
    subscription.currency AS currency,
    subscription.ends_on AS ends_on,
    COALESCE(
      LAG(subscription.ends_on) OVER (PARTITION BY subscription.subscription_id ORDER BY subscription.starts_on), subscription.starts_on
    ) AS from_on,
    MIN(subscription.starts_on) OVER (PARTITION BY subscription.subscription_id) AS first_on,
    MAX(subscription.ends_on) OVER (PARTITION BY subscription.subscription_id) AS last_on
  FROM subscription
)
SELECT
  ordered.subscription_id AS subscription_id,
  ordered.account_id AS account_id,
  ordered.calendar_id AS calendar_id,
  ordered.book AS book,
  ordered.currency AS currency,
  book_version.version_no AS version_no,
  book_version.day_count AS day_count,
  ordered.first_on AS first_on,
  ordered.last_on AS last_on,
  GREATEST(ordered.from_on, book_version.from_on) AS from_on,
  LEAST(ordered.ends_on, book_version.to_on) AS to_on
FROM ordered
JOIN book_version
  ON book_version.book = ordered.book AND book_version.from_on < ordered.ends_on AND book_version.to_on > ordered.from_on
