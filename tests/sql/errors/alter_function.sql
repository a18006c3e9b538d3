-- | error[sql.not-supported]: ALTER FUNCTION is not supported yet
-- |   --> alter_function.sql:7:1
-- |   |
-- | 7 | ALTER TEMPORARY FUNCTION f AS 'good.shout' LANGUAGE PYTHON;
-- |   | ^^^^^
-- | hint: DROP FUNCTION, then CREATE FUNCTION.
ALTER TEMPORARY FUNCTION f AS 'good.shout' LANGUAGE PYTHON;
