-- | error[sql.not-supported]: Flink does not run ALL ROWS PER MATCH in MATCH_RECOGNIZE
-- |   --> match_all_rows.sql:15:91
-- |    |
-- | 15 | SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a ALL ROWS PER MATCH PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
-- |    |                                                                                           ^^^
-- | hint: Write ONE ROW PER MATCH with MEASURES.
CREATE TABLE trips (
  id INT,
  vendor STRING,
  fare DOUBLE,
  `at` TIMESTAMP(3),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT * FROM trips MATCH_RECOGNIZE (PARTITION BY vendor ORDER BY `at` MEASURES A.id AS a ALL ROWS PER MATCH PATTERN (A B) DEFINE B AS B.fare > A.fare) AS m;
