-- | error[sql.empty-script]: the file has no INSERT INTO and no SELECT, so there is nothing to run
-- |   --> empty_script.sql:1:1
-- |   |
-- | 1 | -- | error[sql.empty-script]: the file has no INSERT INTO and no SELECT, so there is nothing to run
-- |   | ^
-- | hint: Add INSERT INTO sink SELECT ... FROM source;
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
