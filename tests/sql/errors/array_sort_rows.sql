-- | error[sql.bad-argument]: ARRAY_SORT cannot order values of ARRAY<ROW<`EXPR$0` INT NOT NULL, `EXPR$1` INT NOT NULL> NOT NULL>
-- |   --> array_sort_rows.sql:16:8
-- |    |
-- | 16 | SELECT ARRAY_SORT(ARRAY[ROW(1, 2)]) FROM trips;
-- |    |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
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
SELECT ARRAY_SORT(ARRAY[ROW(1, 2)]) FROM trips;
