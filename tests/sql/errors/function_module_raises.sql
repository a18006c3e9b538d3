-- | error[sql.bad-function]: the module `raises` cannot be loaded: RuntimeError: no luck (functions/raises.py:3)
-- |   --> function_module_raises.sql:6:22
-- |   |
-- | 6 | CREATE FUNCTION f AS 'raises.f' LANGUAGE PYTHON;
-- |   |                      ^^^^^^^^^^
CREATE FUNCTION f AS 'raises.f' LANGUAGE PYTHON;
