-- | error[sql.not-a-source]: `totals` cannot be read: the connector `blackhole` has no source
-- |   --> select_from_sink.sql:7:15
-- |   |
-- | 7 | SELECT * FROM totals;
-- |   |               ^^^^^^
CREATE TABLE totals (vendor INT, total DOUBLE) WITH ('connector' = 'blackhole');
SELECT * FROM totals;
