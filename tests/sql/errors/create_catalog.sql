-- | error[sql.not-supported]: a catalog of the type paimon is not supported yet
-- |   --> create_catalog.sql:7:36
-- |   |
-- | 7 | CREATE CATALOG lake WITH ('type' = 'paimon');
-- |   |                                    ^^^^^^^^
-- | hint: Declare the tables one by one. Types: generic_in_memory, jdbc, iceberg.
CREATE CATALOG lake WITH ('type' = 'paimon');
