-- | error[sql.bad-statement-set]: the statement set is not closed
-- |   --> statement_set_open.sql:18:1
-- |    |
-- | 18 | EXECUTE STATEMENT SET BEGIN
-- |    | ^^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Write END; behind its last INSERT.
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
CREATE TABLE totals (vendor INT, total DOUBLE) WITH ('connector' = 'blackhole');
EXECUTE STATEMENT SET BEGIN
INSERT INTO totals SELECT vendor_id, fare_amount FROM trips;
