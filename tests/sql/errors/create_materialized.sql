-- | error[sql.not-supported]: CREATE MATERIALIZED TABLE is not supported yet
-- |   --> create_materialized.sql:17:1
-- |    |
-- | 17 | CREATE MATERIALIZED TABLE t FRESHNESS = INTERVAL '1' MINUTE AS SELECT note FROM trips;
-- |    | ^^^^^^
-- | hint: Declare a table and INSERT INTO it; the pipeline keeps it fresh.
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
CREATE MATERIALIZED TABLE t FRESHNESS = INTERVAL '1' MINUTE AS SELECT note FROM trips;
