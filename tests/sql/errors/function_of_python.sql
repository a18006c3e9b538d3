-- | error[sql.bad-function]: the module `os` cannot be found: it is not in the project
-- |   --> function_of_python.sql:7:22
-- |   |
-- | 7 | CREATE FUNCTION f AS 'os.system' LANGUAGE PYTHON;
-- |   |                      ^^^^^^^^^^^
-- | hint: Make functions/os.py in the project's folder; an installed package must be listed under `functions: packages:` in tidemill.yaml.
CREATE FUNCTION f AS 'os.system' LANGUAGE PYTHON;
