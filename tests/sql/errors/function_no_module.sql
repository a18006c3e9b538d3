-- | error[sql.bad-function]: the module `nowhere` cannot be found: it is not in the project
-- |   --> function_no_module.sql:7:22
-- |   |
-- | 7 | CREATE FUNCTION f AS 'nowhere.shout' LANGUAGE PYTHON;
-- |   |                      ^^^^^^^^^^^^^^^
-- | hint: Make functions/nowhere.py in the project's folder; an installed package must be listed under `functions: packages:` in tidemill.yaml.
CREATE FUNCTION f AS 'nowhere.shout' LANGUAGE PYTHON;
