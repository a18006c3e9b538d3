-- | error[sql.table-exists]: a function `F` is there already
-- |   --> function_twice.sql:9:17
-- |   |
-- | 9 | CREATE FUNCTION F AS 'good.shout' LANGUAGE PYTHON;
-- |   |                 ^
-- | hint: Use another name, DROP FUNCTION before, or write IF NOT EXISTS.
CREATE FUNCTION f AS 'good.shout' LANGUAGE PYTHON;
CREATE FUNCTION IF NOT EXISTS F AS 'good.shout' LANGUAGE PYTHON;
CREATE FUNCTION F AS 'good.shout' LANGUAGE PYTHON;
