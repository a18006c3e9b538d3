-- | error[sql.syntax]: unexpected `/*+ OPTIONS('topic' = 'x') */`
-- |   --> options_on_view.sql:17:17
-- |    |
-- | 17 | SELECT * FROM v /*+ OPTIONS('topic' = 'x') */;
-- |    |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
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
SELECT * FROM v /*+ OPTIONS('topic' = 'x') */;
