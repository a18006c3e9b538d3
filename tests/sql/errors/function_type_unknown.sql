-- | error[sql.bad-function]: the function `good.odd` (functions/good.py:38): the result has the type 'TEXT': unknown data type `TEXT`
-- |   --> function_type_unknown.sql:7:22
-- |   |
-- | 7 | CREATE FUNCTION f AS 'good.odd' LANGUAGE PYTHON;
-- |   |                      ^^^^^^^^^^
-- | hint: Flink's type is STRING.
CREATE FUNCTION f AS 'good.odd' LANGUAGE PYTHON;
