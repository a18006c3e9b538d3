-- | error[sql.not-supported]: a catalog of the type iceberg is not supported yet
-- |   --> create_catalog.sql:7:36
-- |   |
-- | 7 | CREATE CATALOG lake WITH ('type' = 'iceberg');
-- |   |                                    ^^^^^^^^^
-- | hint: Declare the tables one by one; what Tidemill reads and writes is in the docs. Types: generic_in_memory, jdbc.
CREATE CATALOG lake WITH ('type' = 'iceberg');
