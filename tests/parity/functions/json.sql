-- json: values as columns, so that nothing is folded while planning.
CREATE TABLE t (id INT, j STRING, n INT, s STRING, d DOUBLE, b BOOLEAN) WITH ('connector' = 'filesystem', 'path' = 'json.jsonl', 'format' = 'json');
SELECT id
  , JSON_VALUE(j, '$.a') AS e1
  , JSON_VALUE(j, 'lax $.a') AS e2
  , JSON_VALUE(j, 'strict $.a') AS e3
  , JSON_VALUE(j, '$') AS e4
  , JSON_VALUE(j, '$.b.c[1]') AS e5
  , JSON_VALUE(j, '$.b.c[5].d') AS e6
  , JSON_VALUE(j, '$.b.c[-1].d') AS e7
  , JSON_VALUE(j, '$.e') AS e8
  , JSON_VALUE(j, '$.f') AS e9
  , JSON_VALUE(j, '$.g') AS e10
  , JSON_VALUE(j, '$[0]') AS e11
  , JSON_VALUE(j, '$[1][0]') AS e12
  , JSON_VALUE(j, '$.*') AS e13
  , JSON_VALUE(j, '$..a') AS e14
  , JSON_VALUE(j, '$[''a b''][''c-d'']') AS e15
  , JSON_VALUE(j, '$["x.y"]') AS e16
  , JSON_VALUE(j, '$.e' RETURNING STRING) AS e17
  , JSON_VALUE(j, '$.b.c[1]' RETURNING DOUBLE) AS e18
  , JSON_VALUE(j, '$.a' DEFAULT 'empty' ON EMPTY) AS e19
  , JSON_VALUE(j, 'lax $.a' DEFAULT 'empty' ON EMPTY DEFAULT 'error' ON ERROR) AS e20
  , JSON_VALUE(j, 'strict $.a' DEFAULT 'empty' ON EMPTY DEFAULT 'error' ON ERROR) AS e21
  , JSON_VALUE(j, 'a') AS e22
  , JSON_EXISTS(j, '$.a') AS e23
  , JSON_EXISTS(j, 'strict $.a' TRUE ON ERROR) AS e24
  , JSON_EXISTS(j, 'strict $.a' UNKNOWN ON ERROR) AS e25
  , JSON_EXISTS(j, 'lax $.f') AS e26
  , JSON_EXISTS(j, '$.f') AS e27
  , JSON_EXISTS(j, '$..a') AS e28
  , JSON_EXISTS(j, 'strict $[*].a') AS e29
  , JSON_EXISTS(j, '$') AS e30
  , JSON_QUERY(j, '$') AS e31
  , JSON_QUERY(j, 'lax $') AS e32
  , JSON_QUERY(j, '$.a') AS e33
  , JSON_QUERY(j, '$.b') AS e34
  , JSON_QUERY(j, '$.b.c') AS e35
  , JSON_QUERY(j, '$.b.c[5]') AS e36
  , JSON_QUERY(j, '$.g') AS e37
  , JSON_QUERY(j, '$.h') AS e38
  , JSON_QUERY(j, '$..a') AS e39
  , JSON_QUERY(j, '$[*].a') AS e40
  , JSON_QUERY(j, '$.a[*].id') AS e41
  , JSON_QUERY(j, '$.a[0,1].id') AS e42
  , JSON_QUERY(j, '$.a[0:1].t') AS e43
  , JSON_QUERY(j, '$.a[-1:]') AS e44
  , JSON_QUERY(j, '$[''a'',''k'']') AS e45
  , JSON_QUERY(j, '$.*') AS e46
  , JSON_QUERY(j, '$..*') AS e47
  , JSON_QUERY(j, '$.a' WITH WRAPPER) AS e48
  , JSON_QUERY(j, '$.a' WITH CONDITIONAL ARRAY WRAPPER) AS e49
  , JSON_QUERY(j, '$.a' WITH CONDITIONAL WRAPPER) AS e50
  , JSON_QUERY(j, '$' WITH UNCONDITIONAL ARRAY WRAPPER) AS e51
  , JSON_QUERY(j, '$.a' WITHOUT ARRAY WRAPPER) AS e52
  , JSON_QUERY(j, 'lax $.a' EMPTY ARRAY ON EMPTY) AS e53
  , JSON_QUERY(j, 'lax $.a' EMPTY OBJECT ON EMPTY) AS e54
  , JSON_QUERY(j, 'strict $.a' EMPTY ARRAY ON ERROR) AS e55
  , JSON_QUERY(j, 'strict $.a' EMPTY OBJECT ON ERROR NULL ON EMPTY) AS e56
  , JSON_QUERY(j, '$.a' RETURNING ARRAY<STRING>) AS e57
  , JSON_QUERY(j, '$.b.c' RETURNING ARRAY<STRING>) AS e58
  , JSON_QUERY(j, '$' RETURNING ARRAY<STRING> EMPTY ARRAY ON ERROR) AS e59
  , JSON_QUERY(j, '$' RETURNING VARCHAR) AS e60
  , j IS JSON AS e61
  , j IS NOT JSON AS e62
  , j IS JSON VALUE AS e63
  , j IS JSON OBJECT AS e64
  , j IS JSON ARRAY AS e65
  , j IS JSON SCALAR AS e66
  , j IS NOT JSON OBJECT AS e67
  , j IS NOT JSON ARRAY AS e68
  , j IS NOT JSON SCALAR AS e69
  , JSON_QUOTE(s) AS e70
  , JSON_QUOTE(j) AS e71
  , JSON_UNQUOTE(JSON_QUOTE(j)) AS e72
  , JSON_UNQUOTE(j) AS e73
  , JSON_STRING(s) AS e74
  , JSON_STRING(j) AS e75
  , JSON_STRING(n) AS e76
  , JSON_STRING(d) AS e77
  , JSON_STRING(b) AS e78
  , JSON_STRING(CAST(d AS FLOAT)) AS e79
  , JSON_STRING(CAST(d AS DECIMAL(10, 3))) AS e80
  , JSON_STRING(CAST(d AS DECIMAL(10, 0))) AS e81
  , JSON_STRING(CAST(1.5E10 AS DOUBLE) * d) AS e82
  , JSON_STRING(ARRAY[n, 1]) AS e83
  , JSON_STRING(ARRAY[s, 'x']) AS e84
  , JSON_STRING(ROW(n, s)) AS e85
  , JSON_STRING(MAP['k', n, 'a', 2]) AS e86
  , JSON_STRING(CAST(ROW(n, s) AS ROW<f INT, g STRING>)) AS e87
  , JSON_STRING(TIMESTAMP '2020-01-02 03:04:05.678') AS e88
  , JSON_STRING(TIMESTAMP '2020-01-02 03:04:05') AS e89
  , JSON_STRING(CAST(TIMESTAMP '2020-01-02 03:04:05.6' AS TIMESTAMP_LTZ(3))) AS e90
  , JSON_STRING(X'00ff41') AS e91
  , JSON_OBJECT() AS e92
  , JSON_OBJECT('k' VALUE s) AS e93
  , JSON_OBJECT(KEY 'k' VALUE n, 'x' VALUE d, 'b' VALUE b) AS e94
  , JSON_OBJECT('k': n, 'j': s) AS e95
  , JSON_OBJECT('k' VALUE n ABSENT ON NULL) AS e96
  , JSON_OBJECT('k' VALUE n NULL ON NULL) AS e97
  , JSON_OBJECT('z' VALUE 1, 'a' VALUE 2, 'z' VALUE 3) AS e98
  , JSON_OBJECT('k' VALUE JSON_OBJECT('x' VALUE n), 'l' VALUE JSON_ARRAY(1, s)) AS e99
  , JSON_OBJECT('k' VALUE ARRAY[1, 2], 'r' VALUE ROW(1, 'x'), 'm' VALUE MAP['b', 1, 'a', 2]) AS e100
  , JSON_OBJECT('k' VALUE JSON('{"b":1, "a":[1.50]}')) AS e101
  , JSON_OBJECT('k' VALUE JSON_STRING(s)) AS e102
  , JSON_ARRAY() AS e103
  , JSON_ARRAY(1, '2', n, d, b) AS e104
  , JSON_ARRAY(n NULL ON NULL) AS e105
  , JSON_ARRAY(n, s ABSENT ON NULL) AS e106
  , JSON_ARRAY(JSON_ARRAY(n), JSON_OBJECT('x' VALUE s)) AS e107
  , JSON_ARRAY(CAST(1 AS DOUBLE) / 3, 1.0E20, 1.0E-7, CAST(1 AS FLOAT) / 3) AS e108
FROM t;
