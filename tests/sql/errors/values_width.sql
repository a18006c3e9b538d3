-- | error[sql.column-count]: a row of 1 values behind a row of 2
-- |   --> values_width.sql:6:33
-- |   |
-- | 6 | SELECT * FROM (VALUES (1, 'a'), (2));
-- |   |                                 ^^^
SELECT * FROM (VALUES (1, 'a'), (2));
