-- | error[sql.not-grouped]: GROUP BY takes columns and expressions, not positions
-- |   --> group_position.sql:17:48
-- |    |
-- | 17 | SELECT vendor_id, COUNT(*) FROM trips GROUP BY 1;
-- |    |                                                ^
-- | hint: Repeat the expression; Flink would group by the constant.
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
SELECT vendor_id, COUNT(*) FROM trips GROUP BY 1;
