-- | error[sql.not-supported]: CREATE FUNCTION is not supported yet
-- |   --> create_function.sql:6:1
-- |   |
-- | 6 | CREATE FUNCTION f AS 'org.example.F';
-- |   | ^^^^^^
CREATE FUNCTION f AS 'org.example.F';
