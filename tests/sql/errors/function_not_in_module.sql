-- | error[sql.bad-function]: the function `good.shuot` cannot be found: the module `good` has no `shuot`
-- |   --> function_not_in_module.sql:7:22
-- |   |
-- | 7 | CREATE FUNCTION f AS 'good.shuot' LANGUAGE PYTHON;
-- |   |                      ^^^^^^^^^^^^
-- | hint: Functions there: shout, price, words, total, odd, span.
CREATE FUNCTION f AS 'good.shuot' LANGUAGE PYTHON;
