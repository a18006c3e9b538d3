-- | error[sql.unknown-table]: unknown table `trip_past`
-- |   --> history_unknown.sql:12:26
-- |    |
-- | 12 |   'scan.history.table' = 'trip_past'
-- |    |                          ^^^^^^^^^^^
-- | hint: Did you mean `trips_past`?
CREATE TABLE trips_past (a INT) WITH ('connector' = 'kafka', 'topic' = 'p', 'format' = 'json');
CREATE TABLE trips (a INT) WITH (
  'connector' = 'kafka',
  'topic' = 't',
  'format' = 'json',
  'scan.history.table' = 'trip_past'
);
