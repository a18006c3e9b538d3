-- | error[sql.syntax]: unexpected `/*+ OPTIONS('topc' = 'x') */`
-- |   --> options_hint.sql:16:21
-- |    |
-- | 16 | SELECT * FROM trips /*+ OPTIONS('topc' = 'x') */;
-- |    |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
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
SELECT * FROM trips /*+ OPTIONS('topc' = 'x') */;
