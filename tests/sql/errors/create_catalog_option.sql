-- | error[sql.bad-option]: a catalog of the type generic_in_memory has no option `warehouse`
-- |   --> create_catalog_option.sql:7:54
-- |   |
-- | 7 | CREATE CATALOG c WITH ('type' = 'generic_in_memory', 'warehouse' = 'x');
-- |   |                                                      ^^^^^^^^^^^
-- | hint: Its options are `type` and `default-database`.
CREATE CATALOG c WITH ('type' = 'generic_in_memory', 'warehouse' = 'x');
