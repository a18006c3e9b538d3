-- | error[sql.syntax]: a system function can only be temporary
-- |   --> create_system_function.sql:7:8
-- |   |
-- | 7 | CREATE SYSTEM FUNCTION f AS 'good.shout' LANGUAGE PYTHON;
-- |   |        ^^^^^^
-- | hint: Write CREATE TEMPORARY SYSTEM FUNCTION.
CREATE SYSTEM FUNCTION f AS 'good.shout' LANGUAGE PYTHON;
