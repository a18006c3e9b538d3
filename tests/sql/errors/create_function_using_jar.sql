-- | error[sql.not-supported]: USING is refused: a pipeline file loads no code but the project's own
-- |   --> create_function_using_jar.sql:7:51
-- |   |
-- | 7 | CREATE FUNCTION f AS 'good.shout' LANGUAGE PYTHON USING JAR '/tmp/x.jar';
-- |   |                                                   ^^^^^
-- | hint: Put the module into the project's folder `functions/`.
CREATE FUNCTION f AS 'good.shout' LANGUAGE PYTHON USING JAR '/tmp/x.jar';
