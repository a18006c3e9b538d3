-- | error[sql.not-supported]: Flink does not run IN in the MEASURES of MATCH_RECOGNIZE
-- |   --> match_in_measures.sql:15:61
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES A.vendor IN ('x', 'y') AS b PATTERN (A B) DEFINE B AS B.fare > 3) AS m;
-- |    |                                                             ^^^^^^^^^^^^^^^^^^^^^^
-- | hint: Put it into the SELECT list: SELECT a IN (1, 2) FROM t MATCH_RECOGNIZE ...
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES A.vendor IN ('x', 'y') AS b PATTERN (A B) DEFINE B AS B.fare > 3) AS m;
