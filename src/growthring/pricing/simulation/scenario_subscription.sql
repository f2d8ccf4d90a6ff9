-- Subscriptions under a scenario: those whose book it has stay on it, everyone else moves to the scenario's first book.
SELECT
  before.subscription_id AS subscription_id,
  before.account_id AS account_id,
  COALESCE(scenario_book.book, $default_book) AS book,
  before.calendar_id AS calendar_id,
  before.starts_on AS starts_on,
  before.ends_on AS ends_on,
  before.currency AS currency
FROM before
LEFT JOIN scenario_book ON scenario_book.book = before.book
