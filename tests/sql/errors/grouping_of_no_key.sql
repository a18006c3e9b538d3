-- | error[sql.bad-argument]: GROUPING takes keys of GROUP BY
-- |   --> grouping_of_no_key.sql:8:17
-- |   |
-- | 8 | SELECT GROUPING(b) FROM trips GROUP BY GROUPING SETS ((a), ());
-- |   |                 ^
-- | hint: Write the key as GROUP BY has it.
CREATE TABLE trips (a INT, b INT) WITH ('connector' = 'kafka', 'topic' = 'trips', 'format' = 'json');
SELECT GROUPING(b) FROM trips GROUP BY GROUPING SETS ((a), ());
