-- | error[sql.unknown-table]: unknown table `trips`
-- |   --> unknown_table_none.sql:7:15
-- |   |
-- | 7 | SELECT * FROM trips;
-- |   |               ^^^^^
-- | hint: No table is declared above; add a CREATE TABLE.
SELECT * FROM trips;
