-- | error[sql.not-supported]: LANGUAGE SCALA is not supported yet
-- |   --> create_function_language.sql:7:54
-- |   |
-- | 7 | CREATE TEMPORARY FUNCTION f AS 'com.acme.F' LANGUAGE SCALA;
-- |   |                                                      ^^^^^
-- | hint: LANGUAGE PYTHON is.
CREATE TEMPORARY FUNCTION f AS 'com.acme.F' LANGUAGE SCALA;
