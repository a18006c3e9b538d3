-- numbers: values as columns, so that nothing is folded while planning.
CREATE TABLE t (id INT, t TINYINT, s SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, c DECIMAL(10, 2), k DECIMAL(20, 5), j INT) WITH ('connector' = 'filesystem', 'path' = 'numbers.jsonl', 'format' = 'json');
SELECT id
  , i + j AS e1
  , i - j AS e2
  , i * j AS e3
  , i / j AS e4
  , l / j AS e5
  , t + t AS e6
  , s * s AS e7
  , l + 1 AS e8
  , l * 2 AS e9
  , i + 1 AS e10
  , -i AS e11
  , -l AS e12
  , -t AS e13
  , d / j AS e14
  , f / j AS e15
  , d + f AS e16
  , c + k AS e17
  , c - k AS e18
  , c * k AS e19
  , c / k AS e20
  , c * c AS e21
  , k / c AS e22
  , c + i AS e23
  , c * i AS e24
  , c / i AS e25
  , c + l AS e26
  , c + d AS e27
  , c * f AS e28
  , i / c AS e29
  , MOD(i, j) AS e30
  , MOD(l, j) AS e31
  , MOD(c, j) AS e32
  , i % j AS e33
  , MOD(k, 3) AS e34
  , ABS(i) AS e35
  , ABS(l) AS e36
  , ABS(d) AS e37
  , ABS(c) AS e38
  , ABS(f) AS e39
  , CEIL(d) AS e40
  , CEIL(c) AS e41
  , CEIL(f) AS e42
  , CEIL(i) AS e43
  , FLOOR(d) AS e44
  , FLOOR(c) AS e45
  , FLOOR(k) AS e46
  , ROUND(d) AS e47
  , ROUND(d, 1) AS e48
  , ROUND(c) AS e49
  , ROUND(c, 1) AS e50
  , ROUND(c, -1) AS e51
  , ROUND(k, 3) AS e52
  , ROUND(i, -1) AS e53
  , ROUND(l, -2) AS e54
  , ROUND(f, 1) AS e55
  , TRUNCATE(c, 1) AS e56
  , TRUNCATE(i, -1) AS e57
  , SIGN(i) AS e58
  , SIGN(d) AS e59
  , SIGN(c) AS e60
  , SQRT(ABS(d)) AS e61
  , SQRT(j) AS e62
  , EXP(j) AS e63
  , EXP(d / 1e305) AS e64
  , LN(ABS(j)) AS e65
  , LOG10(ABS(j)) AS e66
  , LOG2(ABS(j)) AS e67
  , LOG(ABS(j)) AS e68
  , LOG(2, ABS(j)) AS e69
  , POWER(j, 2) AS e70
  , POWER(2, j) AS e71
  , POWER(c, 2) AS e72
  , POWER(d, 0.5) AS e73
  , SIN(j) AS e74
  , COS(j) AS e75
  , TAN(j) AS e76
  , COT(j) AS e77
  , ASIN(d / 10) AS e78
  , ACOS(f) AS e79
  , ATAN(j) AS e80
  , ATAN2(j, 2) AS e81
  , SINH(j) AS e82
  , COSH(j) AS e83
  , TANH(j) AS e84
  , DEGREES(j) AS e85
  , RADIANS(j) AS e86
  , PI() AS e87
  , E() AS e88
  , i = l AS e89
  , i < d AS e90
  , c = k AS e91
  , c < i AS e92
  , d = f AS e93
  , f < c AS e94
  , i BETWEEN 0 AND 100 AS e95
  , c BETWEEN 0 AND 10.25 AS e96
  , i IN (7, 15, 35) AS e97
  , i NOT IN (7, j) AS e98
  , c IN (10.25, 0.05) AS e99
  , i IS NULL AS e100
  , i IS NOT NULL AS e101
  , i IS DISTINCT FROM j AS e102
  , i IS NOT DISTINCT FROM l AS e103
  , GREATEST(i, j) AS e104
  , LEAST(i, j) AS e105
  , COALESCE(i, j, 0) AS e106
  , COALESCE(t, l) AS e107
  , COALESCE(c, 0) AS e108
  , NULLIF(i, 7) AS e109
  , IF(i > 0, i, l) AS e110
  , CASE WHEN i > 0 THEN c ELSE k END AS e111
  , CASE WHEN i > 0 THEN i ELSE d END AS e112
  , CASE WHEN i > 0 THEN t WHEN i < 0 THEN l END AS e113
  , CAST(i AS TINYINT) AS e114
  , CAST(i AS SMALLINT) AS e115
  , CAST(l AS INT) AS e116
  , CAST(l AS TINYINT) AS e117
  , CAST(d AS INT) AS e118
  , CAST(d AS BIGINT) AS e119
  , CAST(d AS TINYINT) AS e120
  , CAST(f AS INT) AS e121
  , CAST(f AS BIGINT) AS e122
  , CAST(f AS SMALLINT) AS e123
  , CAST(c AS INT) AS e124
  , CAST(k AS INT) AS e125
  , CAST(k AS TINYINT) AS e126
  , CAST(k AS BIGINT) AS e127
  , CAST(c AS DECIMAL(10, 1)) AS e128
  , CAST(c AS DECIMAL(5, 2)) AS e129
  , CAST(k AS DECIMAL(10, 0)) AS e130
  , CAST(k AS DECIMAL(38, 18)) AS e131
  , CAST(i AS DECIMAL(5, 2)) AS e132
  , CAST(l AS DECIMAL(20, 0)) AS e133
  , CAST(d AS DECIMAL(10, 2)) AS e134
  , CAST(f AS DECIMAL(10, 2)) AS e135
  , CAST(i AS DOUBLE) AS e136
  , CAST(l AS FLOAT) AS e137
  , CAST(l AS DOUBLE) AS e138
  , CAST(c AS DOUBLE) AS e139
  , CAST(k AS FLOAT) AS e140
  , CAST(d AS FLOAT) AS e141
  , CAST(f AS DOUBLE) AS e142
  , CAST(t AS STRING) AS e143
  , CAST(i AS STRING) AS e144
  , CAST(l AS STRING) AS e145
  , CAST(c AS STRING) AS e146
  , CAST(k AS STRING) AS e147
  , CAST(i AS VARCHAR(3)) AS e148
  , CAST(c AS CHAR(12)) AS e149
  , CAST(i AS BOOLEAN) AS e150
  , CAST(d AS BOOLEAN) AS e151
  , CAST(c AS BOOLEAN) AS e152
  , CAST(i > 0 AS INT) AS e153
  , CAST(i > 0 AS STRING) AS e154
  , CAST(i > 0 AS DECIMAL(5, 2)) AS e155
  , i > 0 AND j > 0 AS e156
  , i > 0 OR j > 0 AS e157
  , NOT (i > 0) AS e158
  , (i > 0) IS TRUE AS e159
  , (i > 0) IS NOT FALSE AS e160
  , (i > 0) IS UNKNOWN AS e161
  , (i > 0) = (j > 0) AS e162
  , UNIX_TIMESTAMP('1970-01-01 00:00:01') AS e163
  , HEX(l) AS e164
  , BIN(l) AS e165
FROM t;
