-- | error[sql.syntax]: expected a table name, found the end of the statement
-- |   --> syntax_end_of_statement.sql:16:22
-- |    |
-- | 16 | SELECT vendor_id FROM;
-- |    |                      ^
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
SELECT vendor_id FROM;
