-- | error[sql.not-supported]: Flink does not run time in descending order in MATCH_RECOGNIZE
-- |   --> match_order_desc.sql:15:47
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` DESC MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                               ^^^^
-- | hint: Leave out DESC: rows come in order of time.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` DESC MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
