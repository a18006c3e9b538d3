-- | error[sql.bad-literal]: the number 99999999999999999999 is larger than a BIGINT
-- |   --> number_too_large.sql:7:8
-- |   |
-- | 7 | SELECT 99999999999999999999;
-- |   |        ^^^^^^^^^^^^^^^^^^^^
-- | hint: Write CAST('99999999999999999999' AS DECIMAL(38, 0)).
SELECT 99999999999999999999;
