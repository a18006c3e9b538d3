-- | error[sql.bad-function]: the module `flinks` cannot be loaded: it imports PyFlink, which is not in this environment
-- |   --> function_module_pyflink.sql:7:22
-- |   |
-- | 7 | CREATE FUNCTION f AS 'flinks.one' LANGUAGE PYTHON;
-- |   |                      ^^^^^^^^^^^^
-- | hint: Write `from tidemill.functions import udf, udtf, udaf`: inside PyFlink these are PyFlink's own, so the same module runs on both engines.
CREATE FUNCTION f AS 'flinks.one' LANGUAGE PYTHON;
