-- | error[sql.bad-argument]: MATCH_ROWTIME needs ORDER BY event time
-- |   --> match_rowtime_proctime.sql:15:61
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY seen MEASURES MATCH_ROWTIME() AS rt PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                             ^^^^^^^^^^^^^^^
-- | hint: Use MATCH_PROCTIME().
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY seen MEASURES MATCH_ROWTIME() AS rt PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
