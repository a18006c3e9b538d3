-- | error[sql.column-count]: 2 column names for a query of 1 columns
-- |   --> view_column_count.sql:16:13
-- |    |
-- | 16 | CREATE VIEW v (a, b) AS SELECT vendor_id FROM trips;
-- |    |             ^
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
CREATE VIEW v (a, b) AS SELECT vendor_id FROM trips;
SELECT * FROM v;
