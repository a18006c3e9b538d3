-- | error[sql.syntax]: expected what to show, found `THINGS`
-- |   --> show_what.sql:7:6
-- |   |
-- | 7 | SHOW THINGS;
-- |   |      ^^^^^^
-- | hint: SHOW knows CATALOGS, DATABASES, TABLES, VIEWS, FUNCTIONS, COLUMNS FROM, CREATE TABLE, CREATE VIEW, CREATE CATALOG and CURRENT.
SHOW THINGS;
