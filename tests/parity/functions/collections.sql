-- collections: values as columns, so that nothing is folded while planning.
CREATE TABLE t (id INT, a ARRAY<INT>, b ARRAY<STRING>, m MAP<STRING, INT>, r ROW<x INT, y STRING>, j STRING, n INT) WITH ('connector' = 'filesystem', 'path' = 'collections.jsonl', 'format' = 'json');
SELECT id
  , a AS e1
  , b AS e2
  , r AS e3
  , CARDINALITY(a) AS e4
  , CARDINALITY(m) AS e5
  , a[1] AS e6
  , a[2] AS e7
  , b[1] AS e8
  , m['k'] AS e9
  , r.x AS e10
  , r.y AS e11
  , r.x + 1 AS e12
  , ARRAY_CONTAINS(a, 2) AS e13
  , ARRAY_CONTAINS(b, 'x') AS e14
  , ARRAY_APPEND(a, 9) AS e15
  , ARRAY_PREPEND(a, 9) AS e16
  , ARRAY_CONCAT(a, a) AS e17
  , ARRAY_CONCAT(a, ARRAY[1]) AS e18
  , ARRAY_DISTINCT(a) AS e19
  , ARRAY_JOIN(b, '-') AS e20
  , ARRAY_JOIN(b, '-', 'null') AS e21
  , ARRAY_MAX(a) AS e22
  , ARRAY_MIN(a) AS e23
  , ARRAY_POSITION(a, 2) AS e24
  , ARRAY_REVERSE(a) AS e25
  , ARRAY[n, 1] AS e26
  , ARRAY[n, NULL] AS e27
  , ROW(n, j) AS e28
  , MAP['q', n] AS e29
  , a = ARRAY[7] AS e30
  , r IS NULL AS e31
  , a IS NULL AS e32
  , JSON_VALUE(j, '$.f') AS e33
  , JSON_VALUE(j, '$.e') AS e34
  , JSON_VALUE(j, '$.d') AS e35
  , JSON_VALUE(j, '$.a') AS e36
  , JSON_VALUE(j, '$.c') AS e37
  , JSON_VALUE(j, '$.a.b[1]') AS e38
  , JSON_VALUE(j, '$[1]') AS e39
  , JSON_EXISTS(j, '$.a') AS e40
  , JSON_EXISTS(j, '$.a.b') AS e41
  , JSON_EXISTS(j, '$.zz') AS e42
  , CAST(a AS STRING) AS e43
  , CAST(r AS STRING) AS e44
  , CAST(a AS ARRAY<BIGINT>) AS e45
  , ELEMENT(ARRAY[n]) AS e46
  , COALESCE(a, ARRAY[0]) AS e47
FROM t;
