-- | error[sql.wrong-kind]: `trips` is a table
-- |   --> alter_view_as_table.sql:17:12
-- |    |
-- | 17 | ALTER VIEW trips RENAME TO t;
-- |    |            ^^^^^
-- | hint: Write ALTER TABLE trips.
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
ALTER VIEW trips RENAME TO t;
