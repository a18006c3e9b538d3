-- | error[sql.wrong-kind]: `v` is a view
-- |   --> drop_view_as_table.sql:18:12
-- |    |
-- | 18 | DROP TABLE v;
-- |    |            ^
-- | hint: Write DROP VIEW v.
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
CREATE VIEW v AS SELECT * FROM trips;
DROP TABLE v;
