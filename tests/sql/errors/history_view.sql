-- | error[sql.bad-option]: the option 'scan.history.table' takes a table, and `seen` is a view
-- |   --> history_view.sql:13:26
-- |    |
-- | 13 |   'scan.history.table' = 'seen'
-- |    |                          ^^^^^^
-- | hint: Name the table that the view reads.
CREATE TABLE past (a INT) WITH ('connector' = 'kafka', 'topic' = 'p', 'format' = 'json');
CREATE VIEW seen AS SELECT a FROM past;
CREATE TABLE trips (a INT) WITH (
  'connector' = 'kafka',
  'topic' = 't',
  'format' = 'json',
  'scan.history.table' = 'seen'
);
