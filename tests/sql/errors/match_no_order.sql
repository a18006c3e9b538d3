-- | error[sql.not-time-attribute]: MATCH_RECOGNIZE needs ORDER BY a time attribute first
-- |   --> match_no_order.sql:15:21
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                     ^^^^^^^^^^^^^^^
-- | hint: ORDER BY the column with the WATERMARK, or one that is AS PROCTIME().
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (MEASURES A.id AS a PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
