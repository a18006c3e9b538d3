-- | error[sql.not-supported]: MATCH_ROWTIME with WITHIN and a pattern of varying length is not supported yet
-- |   --> match_rowtime_within.sql:15:61
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES MATCH_ROWTIME() AS rt PATTERN (A B+? C) WITHIN INTERVAL '1' HOUR DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                             ^^^^^^^^^^^^^^^
-- | hint: A match may come out when an earlier one times out, and its time is then that of the watermark. LAST(at) is the time of its last row.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (ORDER BY `at` MEASURES MATCH_ROWTIME() AS rt PATTERN (A B+? C) WITHIN INTERVAL '1' HOUR DEFINE B AS B.fare > A.fare) AS m;
