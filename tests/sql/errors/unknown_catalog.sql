-- | error[sql.unknown-database]: unknown catalog `lake`
-- |   --> unknown_catalog.sql:7:13
-- |   |
-- | 7 | USE CATALOG lake;
-- |   |             ^^^^
-- | hint: Catalogs: default_catalog.
USE CATALOG lake;
