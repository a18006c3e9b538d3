-- | error[sql.bad-function]: the function `good.plain` is a plain function, not a declared function
-- |   --> function_plain.sql:7:22
-- |   |
-- | 7 | CREATE FUNCTION f AS 'good.plain' LANGUAGE PYTHON;
-- |   |                      ^^^^^^^^^^^^
-- | hint: Declare it with a decorator: `from tidemill.functions import udf`, then @udf above the function.
CREATE FUNCTION f AS 'good.plain' LANGUAGE PYTHON;
