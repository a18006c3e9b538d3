-- arrays: values as columns, so that nothing is folded while planning.
CREATE TABLE t (id INT, a ARRAY<INT>, b ARRAY<STRING>, m MAP<STRING, INT>, n INT, s STRING, aa ARRAY<ARRAY<INT>>, d ARRAY<DOUBLE>, r ROW<x INT, y STRING>, ra ARRAY<ROW<x INT, y STRING>>) WITH ('connector' = 'filesystem', 'path' = 'arrays.jsonl', 'format' = 'json');
SELECT id
  , ARRAY_REMOVE(a, 1) AS e1
  , ARRAY_REMOVE(a, n) AS e2
  , ARRAY_REMOVE(b, s) AS e3
  , ARRAY_REMOVE(b, CAST(NULL AS STRING)) AS e4
  , ARRAY_REMOVE(aa, ARRAY[1]) AS e5
  , ARRAY_SLICE(a, 2) AS e6
  , ARRAY_SLICE(a, 1, 2) AS e7
  , ARRAY_SLICE(a, -2, -1) AS e8
  , ARRAY_SLICE(a, 0, 1) AS e9
  , ARRAY_SLICE(a, 3, 1) AS e10
  , ARRAY_SLICE(a, n) AS e11
  , ARRAY_SLICE(a, n, 10) AS e12
  , ARRAY_SLICE(b, -10, 2) AS e13
  , ARRAY_SORT(a) AS e14
  , ARRAY_SORT(a, TRUE) AS e15
  , ARRAY_SORT(a, FALSE) AS e16
  , ARRAY_SORT(a, TRUE, TRUE) AS e17
  , ARRAY_SORT(a, TRUE, FALSE) AS e18
  , ARRAY_SORT(a, FALSE, TRUE) AS e19
  , ARRAY_SORT(b) AS e20
  , ARRAY_SORT(b, FALSE, FALSE) AS e21
  , ARRAY_SORT(d) AS e22
  , ARRAY_UNION(a, ARRAY[1, 9]) AS e23
  , ARRAY_UNION(b, ARRAY['x', 'new']) AS e24
  , ARRAY_UNION(a, a) AS e25
  , ARRAY_EXCEPT(a, ARRAY[1]) AS e26
  , ARRAY_EXCEPT(a, ARRAY[2]) AS e27
  , ARRAY_EXCEPT(a, a) AS e28
  , ARRAY_EXCEPT(b, ARRAY[CAST(NULL AS STRING)]) AS e29
  , ARRAY_INTERSECT(a, ARRAY[1, 2]) AS e30
  , ARRAY_INTERSECT(a, a) AS e31
  , ARRAY_INTERSECT(b, ARRAY['x', CAST(NULL AS STRING)]) AS e32
  , ARRAY_CONCAT(a, ARRAY[n]) AS e33
  , ARRAY_DISTINCT(aa) AS e34
  , ARRAY_CONTAINS(aa, ARRAY[1]) AS e35
  , ARRAY_POSITION(aa, ARRAY[1]) AS e36
  , ARRAY_MAX(b) AS e37
  , ARRAY_MIN(d) AS e38
  , ARRAY_MAX(d) AS e39
  , ARRAY_APPEND(b, s) AS e40
  , ARRAY_APPEND(a, CAST(NULL AS INT)) AS e41
  , ARRAY_PREPEND(b, s) AS e42
  , ARRAY_JOIN(b, ',') AS e43
  , ARRAY_JOIN(b, ',', 'N') AS e44
  , ARRAY_REVERSE(b) AS e45
  , MAP_UNION(m, MAP['k', 5]) AS e46
  , MAP_UNION(MAP['k', 5], m) AS e47
  , MAP_UNION(m, m, MAP['z', 1]) AS e48
  , MAP_UNION(m) AS e49
  , CARDINALITY(MAP_ENTRIES(m)) AS e50
  , MAP_ENTRIES(MAP['k', n]) AS e51
  , MAP_FROM_ARRAYS(ARRAY['p', 'q'], ARRAY[n, 1]) AS e52
  , MAP_FROM_ARRAYS(ARRAY['p', 'p'], ARRAY[n, 1]) AS e53
  , MAP_KEYS(MAP['k', n]) AS e54
  , MAP_VALUES(MAP['k', n]) AS e55
  , ARRAY_SORT(MAP_KEYS(m)) AS e56
  , ARRAY_SORT(MAP_VALUES(m)) AS e57
  , m['k'] AS e58
  , m[s] AS e59
  , MAP[1, 'a', 2, 'b'][n] AS e60
  , MAP['k', ARRAY[1, n]] AS e61
  , aa[1] AS e62
  , aa[1][1] AS e63
  , ra[1].x AS e64
  , ra[1] AS e65
  , r.y AS e66
  , ROW(1, 'x', n) AS e67
  , (n, s) AS e68
  , ARRAY[ROW(n, s)] AS e69
  , ARRAY[ARRAY[n], ARRAY[1, 2]] AS e70
  , CAST(ROW(n, s) AS ROW<p BIGINT, q STRING>) AS e71
  , CAST(r AS ROW<p BIGINT, q VARCHAR(3)>) AS e72
  , CAST(a AS ARRAY<STRING>) AS e73
  , CAST(a AS ARRAY<DOUBLE>) AS e74
  , CAST(b AS ARRAY<VARCHAR(1)>) AS e75
  , CAST(m AS MAP<STRING, BIGINT>) AS e76
  , CAST(aa AS ARRAY<ARRAY<BIGINT>>) AS e77
  , CAST(aa AS STRING) AS e78
  , CAST(d AS STRING) AS e79
  , CAST(ra AS STRING) AS e80
  , CAST(MAP['k', n] AS STRING) AS e81
  , TRY_CAST(b AS ARRAY<INT>) AS e82
  , TRY_CAST(ARRAY['1', s] AS ARRAY<INT>) AS e83
  , ELEMENT(ARRAY[n]) AS e84
  , ELEMENT(CAST(ARRAY[n] AS ARRAY<BIGINT>)) AS e85
  , CARDINALITY(aa) AS e86
  , CARDINALITY(m) AS e87
  , a = ARRAY[3, 1, 2, 1] AS e88
  , b <> ARRAY['x'] AS e89
  , r = ROW(1, 'q') AS e90
  , a IS NOT DISTINCT FROM a AS e91
  , COALESCE(m, MAP['z', 0]) AS e92
  , CASE WHEN n > 0 THEN a ELSE ARRAY[0] END AS e93
  , TYPEOF(a) AS e94
  , TYPEOF(m) AS e95
  , TYPEOF(r) AS e96
  , TYPEOF(r, TRUE) AS e97
  , TYPEOF(n) AS e98
  , TYPEOF(1) AS e99
  , TYPEOF('abc') AS e100
  , TYPEOF(NULL) AS e101
  , TYPEOF(1.50) AS e102
  , TYPEOF(CAST(1 AS DECIMAL(10, 2)), TRUE) AS e103
  , TYPEOF(X'00') AS e104
  , TYPEOF(UUID()) AS e105
  , TYPEOF(CURRENT_DATE) AS e106
  , TYPEOF(INTERVAL '1' DAY) AS e107
  , TYPEOF(INTERVAL '1' MONTH) AS e108
  , TYPEOF(s || 'x') AS e109
  , TYPEOF(CAST(n AS BIGINT)) AS e110
  , TYPEOF(LOCALTIME) AS e111
  , TYPEOF(CURRENT_TIMESTAMP) AS e112
  , TYPEOF(aa, TRUE) AS e113
  , MAP['k', 1][s] AS e114
  , MAP['k', 1.5][s] AS e115
  , MAP['k', TRUE][s] AS e116
  , MAP['k', n][s] AS e117
  , ARRAY[1, 2][n] AS e118
  , ARRAY['a', 'b'][n] AS e119
FROM t;
