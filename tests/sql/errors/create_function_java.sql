-- | error[sql.not-supported]: a function without LANGUAGE is one of Java, and Java functions are not supported
-- |   --> create_function_java.sql:7:22
-- |   |
-- | 7 | CREATE FUNCTION f AS 'com.acme.F';
-- |   |                      ^^^^^^^^^^^^
-- | hint: Write LANGUAGE PYTHON behind it.
CREATE FUNCTION f AS 'com.acme.F';
