-- | error[sql.bad-option]: kafka has no option `topc`
-- |   --> alter_options.sql:17:24
-- |    |
-- | 17 | ALTER TABLE trips SET ('topc' = 'x');
-- |    |                        ^^^^^^
-- | hint: Did you mean `topic`?
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
ALTER TABLE trips SET ('topc' = 'x');
