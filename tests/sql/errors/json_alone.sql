-- | error[sql.not-supported]: JSON stands in JSON_OBJECT and JSON_ARRAY only, as in Flink
-- |   --> json_alone.sql:17:8
-- |    |
-- | 17 | SELECT JSON(note) FROM trips;
-- |    |        ^^^^
-- | hint: Write JSON_OBJECT('name' VALUE JSON(text)).
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
SELECT JSON(note) FROM trips;
