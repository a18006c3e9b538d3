-- | error[sql.unknown-function]: unknown function `shuot`
-- |   --> drop_function_unknown.sql:9:15
-- |   |
-- | 9 | DROP FUNCTION shuot;
-- |   |               ^^^^^
-- | hint: Did you mean `shout`?
CREATE FUNCTION shout AS 'good.shout' LANGUAGE PYTHON;
DROP FUNCTION IF EXISTS nothing;
DROP FUNCTION shuot;
