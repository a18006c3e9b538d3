-- | error[sql.bad-function]: the function `../evil.py:main` names no function of a module
-- |   --> function_path.sql:7:22
-- |   |
-- | 7 | CREATE FUNCTION f AS '../evil.py:main' LANGUAGE PYTHON;
-- |   |                      ^^^^^^^^^^^^^^^^^
-- | hint: Write 'module.function'.
CREATE FUNCTION f AS '../evil.py:main' LANGUAGE PYTHON;
