-- | error[sql.bad-function]: the module `json` cannot be loaded: another module of this name is installed
-- |   --> function_module_shadowed.sql:7:22
-- |   |
-- | 7 | CREATE FUNCTION f AS 'json.one' LANGUAGE PYTHON;
-- |   |                      ^^^^^^^^^^
-- | hint: Give functions/json.py another name.
CREATE FUNCTION f AS 'json.one' LANGUAGE PYTHON;
