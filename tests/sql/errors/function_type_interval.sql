-- | error[sql.not-supported]: the type INTERVAL DAY TO SECOND in a Python function is not supported yet
-- |   --> function_type_interval.sql:7:22
-- |   |
-- | 7 | CREATE FUNCTION f AS 'good.span' LANGUAGE PYTHON;
-- |   |                      ^^^^^^^^^^^
-- | detail: The function is `good.span` (functions/good.py:43).
CREATE FUNCTION f AS 'good.span' LANGUAGE PYTHON;
