-- | error[sql.not-supported]: CREATE TABLE AS is not supported yet
-- |   --> create_table_as.sql:17:79
-- |    |
-- | 17 | CREATE TABLE t WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json') AS SELECT * FROM trips;
-- |    |                                                                               ^^
-- | hint: Declare the table with its columns, then INSERT INTO it.
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
CREATE TABLE t WITH ('connector' = 'kafka', 'topic' = 't', 'format' = 'json') AS SELECT * FROM trips;
