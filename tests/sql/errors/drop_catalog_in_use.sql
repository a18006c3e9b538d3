-- | error[sql.wrong-kind]: the catalog `c` is in use and cannot be dropped
-- |   --> drop_catalog_in_use.sql:9:14
-- |   |
-- | 9 | DROP CATALOG c;
-- |   |              ^
-- | hint: USE CATALOG another one before.
CREATE CATALOG c WITH ('type' = 'generic_in_memory');
USE CATALOG c;
DROP CATALOG c;
