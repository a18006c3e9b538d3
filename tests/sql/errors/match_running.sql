-- | error[sql.not-supported]: Flink does not run RUNNING measures in MATCH_RECOGNIZE
-- |   --> match_running.sql:15:61
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES RUNNING LAST(A.id) AS a PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                             ^^^^^^^
-- | hint: A measure is over the whole match: leave RUNNING out.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES RUNNING LAST(A.id) AS a PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
