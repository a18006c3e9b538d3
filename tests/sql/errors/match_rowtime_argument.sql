-- | error[sql.bad-argument]: MATCH_ROWTIME takes the column of the ORDER BY, `at`
-- |   --> match_rowtime_argument.sql:15:61
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES MATCH_ROWTIME(id) AS rt PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                             ^^^^^^^^^^^^^^^^^
-- | hint: Write MATCH_ROWTIME(at).
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES MATCH_ROWTIME(id) AS rt PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
