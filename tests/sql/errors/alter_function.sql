-- | error[sql.not-supported]: ALTER FUNCTION is not supported yet
-- |   --> alter_function.sql:7:7
-- |   |
-- | 7 | ALTER FUNCTION f AS 'x';
-- |   |       ^^^^^^^^
-- | hint: DROP it and CREATE it.
ALTER FUNCTION f AS 'x';
