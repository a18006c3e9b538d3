-- | error[sql.syntax]: expected a key in quotes, found `table`
-- |   --> set_without_quotes.sql:7:5
-- |   |
-- | 7 | SET table.local-time-zone = 'UTC';
-- |   |     ^^^^^
-- | hint: Write SET 'key' = 'value', both in quotes.
SET table.local-time-zone = 'UTC';
