-- | error[sql.not-a-sink]: `v` is a view, and a view cannot be written
-- |   --> insert_into_view.sql:18:13
-- |    |
-- | 18 | INSERT INTO v SELECT * FROM trips;
-- |    |             ^
-- | hint: INSERT INTO a table.
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
INSERT INTO v SELECT * FROM trips;
