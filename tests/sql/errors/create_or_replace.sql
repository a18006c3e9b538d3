-- | error[sql.table-exists]: a table or view `trips` is there already
-- |   --> create_or_replace.sql:17:25
-- |    |
-- | 17 | CREATE OR REPLACE TABLE trips (a INT) WITH ('connector' = 'blackhole');
-- |    |                         ^^^^^
-- | hint: Flink replaces a table by CREATE OR REPLACE TABLE ... AS only; DROP it before.
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
CREATE OR REPLACE TABLE trips (a INT) WITH ('connector' = 'blackhole');
