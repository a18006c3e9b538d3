-- | error[sql.unknown-column]: the table has no column `note2`
-- |   --> alter_column_unknown.sql:17:26
-- |    |
-- | 17 | ALTER TABLE trips RENAME note2 TO n;
-- |    |                          ^^^^^
-- | hint: Did you mean `note`?
CREATE TABLE trips (
  vendor_id INT,
  fare_amount DOUBLE,
  note STRING,
  tags ARRAY<STRING>,
  place ROW<`zone` INT, city STRING>,
  amounts MAP<STRING, DECIMAL(10, 2)>,
  pickup_at TIMESTAMP(3),
  WATERMARK FOR pickup_at AS pickup_at - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
ALTER TABLE trips RENAME note2 TO n;
