-- | error[sql.not-supported]: ALTER is not supported yet
-- |   --> alter_table.sql:17:1
-- |    |
-- | 17 | ALTER TABLE trips RENAME TO t;
-- |    | ^^^^^
-- | hint: Change the CREATE statement instead.
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
ALTER TABLE trips RENAME TO t;
