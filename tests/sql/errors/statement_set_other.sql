-- | error[sql.bad-statement-set]: a statement set holds INSERT statements only, found `SET`
-- |   --> statement_set_other.sql:19:1
-- |    |
-- | 19 | SET 'pipeline.name' = 'x';
-- |    | ^^^
-- | hint: Move it before the statement set, or close the set with END;
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
BEGIN STATEMENT SET;
SET 'pipeline.name' = 'x';
END;
