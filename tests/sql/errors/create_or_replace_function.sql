-- | error[sql.not-supported]: CREATE OR REPLACE FUNCTION is not supported yet
-- |   --> create_or_replace_function.sql:7:1
-- |   |
-- | 7 | CREATE OR REPLACE FUNCTION f AS 'good.shout' LANGUAGE PYTHON;
-- |   | ^^^^^^^^^^^^^^^^^
-- | hint: DROP it first.
CREATE OR REPLACE FUNCTION f AS 'good.shout' LANGUAGE PYTHON;
