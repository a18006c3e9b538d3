-- | error[sql.not-supported]: Flink does not run a skip to the first row of the match in MATCH_RECOGNIZE
-- |   --> match_skip_first.sql:15:91
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a AFTER MATCH SKIP TO FIRST A PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^
-- | hint: The same match would be found again: SKIP TO NEXT ROW.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a AFTER MATCH SKIP TO FIRST A PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
