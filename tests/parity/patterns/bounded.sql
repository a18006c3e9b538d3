-- MATCH_RECOGNIZE over input that ends: no row is late.
SET 'execution.runtime-mode' = 'batch';
CREATE TABLE ev (id INT, k STRING, v INT, w BIGINT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at`)
WITH ('connector' = 'filesystem', 'path' = 'shuffled.jsonl', 'format' = 'json');

SELECT * FROM ev MATCH_RECOGNIZE (PARTITION BY k ORDER BY `at`, id MEASURES FIRST(id) AS f, LAST(id) AS l, COUNT(B.id) AS n, SUM(B.v) AS s AFTER MATCH SKIP PAST LAST ROW PATTERN (A B* C) DEFINE A AS A.v < 8, B AS B.v < A.v, C AS C.v > A.v) AS m;
SELECT * FROM ev MATCH_RECOGNIZE (PARTITION BY k ORDER BY `at`, id MEASURES FIRST(id) AS f, LAST(id) AS l PATTERN (A B* C) WITHIN INTERVAL '4' SECOND DEFINE A AS A.v < 8, B AS B.v < A.v, C AS C.v > A.v) AS m;
