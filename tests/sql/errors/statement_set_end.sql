-- | error[sql.bad-statement-set]: END closes no statement set
-- |   --> statement_set_end.sql:17:1
-- |    |
-- | 17 | END;
-- |    | ^^^
-- | hint: Leave it out.
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
END;
