-- | error[sql.wrong-kind]: OPTIONS stands behind a table, not a view
-- |   --> options_on_view.sql:18:15
-- |    |
-- | 18 | SELECT * FROM v /*+ OPTIONS('topic' = 'x') */;
-- |    |               ^
-- | hint: Set the options in the CREATE TABLE that the view reads.
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
