-- | error[sql.not-supported]: Flink does not run WITHIN of anything but a constant interval of days to seconds in MATCH_RECOGNIZE
-- |   --> match_within_months.sql:15:112
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B) WITHIN INTERVAL '1' MONTH DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                                                                                ^^^^^^^^^^^^^^^^^^
-- | hint: Write WITHIN INTERVAL '1' HOUR.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a PATTERN (A B) WITHIN INTERVAL '1' MONTH DEFINE B AS B.fare > A.fare) AS m;
