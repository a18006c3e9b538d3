-- | error[sql.not-supported]: ADD JAR is refused: a pipeline file loads no code
-- |   --> add_jar.sql:7:1
-- |   |
-- | 7 | ADD JAR '/tmp/x.jar';
-- |   | ^^^
-- | hint: Connectors and formats come with Tidemill.
ADD JAR '/tmp/x.jar';
