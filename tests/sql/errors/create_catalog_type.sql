-- | error[sql.bad-option]: unknown type of catalog `generic_in_memry`
-- |   --> create_catalog_type.sql:7:33
-- |   |
-- | 7 | CREATE CATALOG c WITH ('type' = 'generic_in_memry');
-- |   |                                 ^^^^^^^^^^^^^^^^^^
-- | hint: Did you mean `generic_in_memory`?
CREATE CATALOG c WITH ('type' = 'generic_in_memry');
