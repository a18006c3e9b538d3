-- Functions of constants that are NULL in one row of VALUES: engines fold them while planning.
SET 'execution.runtime-mode' = 'streaming';

SELECT id, CAST(5 AS BIGINT) - TRY_CAST(k AS INT) AS e1, TRY_CAST(k AS BIGINT) AS e2, TRY_CAST(k AS DECIMAL(10, 2)) AS e3
  , TRY_CAST(k AS BOOLEAN) AS e4, TRY_CAST(k AS DATE) AS e5, TRY_CAST(k AS TIMESTAMP(3)) AS e6, TRY_CAST(k AS DOUBLE) AS e7
  , REPEAT(k, 2) AS e8, UPPER(k) AS e9, SPLIT_INDEX(k, '.', 0) AS e10, CHAR_LENGTH(k) AS e11, REGEXP_REPLACE(k, 'a', 'b') AS e12
FROM (VALUES (1, CAST('a' AS STRING)), (2, '7.5'), (3, CAST(NULL AS STRING))) AS v (id, k);

SELECT id, CASE WHEN k > 'a' THEN SPLIT_INDEX(k, '.', 0) IN ('', '+', '-') END AS e1
  , CASE WHEN k > 'a' THEN k IN ('x', 'y', 'z') ELSE k NOT IN ('x', 'y') END AS e2
  , COALESCE(k, 'none') AS e3, k || 'x' AS e4, k LIKE 'a%' AS e5, NULLIF(k, 'a') AS e6, IFNULL(k, '-') AS e7
FROM (VALUES (1, CAST('a' AS STRING)), (2, 'b.c'), (3, CAST(NULL AS STRING))) AS v (id, k);

SELECT id, n + 1 AS e1, ABS(n) AS e2, ROUND(n, 1) AS e3, n BETWEEN 1 AND 3 AS e4, n IN (1, 2, 3, 4) AS e5
  , CAST(n AS STRING) AS e6, CAST(n AS BIGINT) AS e7, SIGN(n) AS e8, CASE WHEN n > 1 THEN n END AS e9
FROM (VALUES (1, CAST(1.5 AS DECIMAL(10, 2))), (2, 2), (3, CAST(NULL AS DECIMAL(10, 2)))) AS v (id, n);
