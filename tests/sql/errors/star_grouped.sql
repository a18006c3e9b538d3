-- | error[sql.not-grouped]: * cannot stand in the SELECT list of a query with GROUP BY
-- |   --> star_grouped.sql:17:8
-- |    |
-- | 17 | SELECT *, COUNT(*) FROM trips GROUP BY vendor_id;
-- |    |        ^
-- | hint: Name the grouped columns and aggregates.
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
SELECT *, COUNT(*) FROM trips GROUP BY vendor_id;
