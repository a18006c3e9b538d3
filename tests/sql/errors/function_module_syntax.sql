-- | error[sql.bad-function]: the module `broken` cannot be loaded: invalid syntax (functions/broken.py:1)
-- |   --> function_module_syntax.sql:6:22
-- |   |
-- | 6 | CREATE FUNCTION f AS 'broken.f' LANGUAGE PYTHON;
-- |   |                      ^^^^^^^^^^
CREATE FUNCTION f AS 'broken.f' LANGUAGE PYTHON;
