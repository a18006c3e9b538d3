-- | error[sql.unknown-database]: unknown database `taxi`
-- |   --> unknown_database_use.sql:7:5
-- |   |
-- | 7 | USE taxi;
-- |   |     ^^^^
-- | hint: Databases: default_catalog.default_database.
USE taxi;
