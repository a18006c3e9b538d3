-- | error[sql.syntax]: unexpected `!=`
-- |   --> syntax_not_equal.sql:17:37
-- |    |
-- | 17 | SELECT * FROM trips WHERE vendor_id != 1;
-- |    |                                     ^^
-- | hint: Flink writes `<>`.
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
SELECT * FROM trips WHERE vendor_id != 1;
