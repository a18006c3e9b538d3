-- strings: values as columns, so that nothing is folded while planning.
CREATE TABLE t (id INT, s STRING, p STRING, n INT, c CHAR(5), v VARCHAR(8)) WITH ('connector' = 'filesystem', 'path' = 'strings.jsonl', 'format' = 'json');
SELECT id
  , UPPER(s) AS e1
  , LOWER(s) AS e2
  , INITCAP(s) AS e3
  , CHAR_LENGTH(s) AS e4
  , CHARACTER_LENGTH(c) AS e5
  , SUBSTRING(s, n) AS e6
  , SUBSTRING(s, n, 2) AS e7
  , SUBSTRING(s FROM 2 FOR 3) AS e8
  , SUBSTRING(s, 0) AS e9
  , SUBSTRING(s, -2) AS e10
  , SUBSTRING(s, -2, 1) AS e11
  , SUBSTRING(s, 2, 0) AS e12
  , SUBSTR(s, 1, n) AS e13
  , LEFT(s, n) AS e14
  , RIGHT(s, n) AS e15
  , TRIM(s) AS e16
  , TRIM(BOTH p FROM s) AS e17
  , TRIM(LEADING 'a' FROM s) AS e18
  , TRIM(TRAILING 'a' FROM s) AS e19
  , LTRIM(s) AS e20
  , RTRIM(s) AS e21
  , LTRIM(s, p) AS e22
  , RTRIM(s, p) AS e23
  , BTRIM(s) AS e24
  , BTRIM(s, p) AS e25
  , LPAD(s, n, p) AS e26
  , RPAD(s, n, p) AS e27
  , LPAD(s, 7, 'xy') AS e28
  , RPAD(s, 7, 'xy') AS e29
  , LPAD(s, 3, '') AS e30
  , REPLACE(s, p, '-') AS e31
  , REPLACE(s, 'l', p) AS e32
  , POSITION(p IN s) AS e33
  , LOCATE(p, s) AS e34
  , LOCATE(p, s, 2) AS e35
  , LOCATE(p, s, n) AS e36
  , LOCATE('', s, 3) AS e37
  , UPPER('ΌΔΟΣ' || s) AS e38
  , LOWER('ΌΔΟΣ' || s) AS e39
  , LOWER(s || 'ΟΔΟΣ ΣΑΣ. Σ') AS e40
  , INSTR(s, p) AS e41
  , CONCAT(s, p) AS e42
  , CONCAT(s, '-', v) AS e43
  , CONCAT_WS(',', s, p, v) AS e44
  , CONCAT_WS(p, s, v) AS e45
  , s || p AS e46
  , REVERSE(s) AS e47
  , REPEAT(s, n) AS e48
  , REPEAT(s, 2) AS e49
  , SPLIT_INDEX(s, ',', 0) AS e50
  , SPLIT_INDEX(s, p, 1) AS e51
  , SPLIT_INDEX(s, ',', n) AS e52
  , SPLIT_INDEX(s, 'l', 3) AS e53
  , SPLIT(s, p) AS e54
  , ASCII(s) AS e55
  , CHR(n) AS e56
  , ENCODE(s, 'UTF-8') AS e57
  , DECODE(ENCODE(s, 'UTF-8'), 'UTF-8') AS e58
  , TO_BASE64(s) AS e59
  , FROM_BASE64(TO_BASE64(s)) AS e60
  , HEX(s) AS e61
  , HEX(n) AS e62
  , BIN(n) AS e63
  , MD5(s) AS e64
  , SHA1(s) AS e65
  , SHA256(s) AS e66
  , SHA2(s, 256) AS e67
  , STARTSWITH(s, p) AS e68
  , ENDSWITH(s, p) AS e69
  , IS_ALPHA(s) AS e70
  , IS_DIGIT(s) AS e71
  , REGEXP(s, 'l+') AS e72
  , REGEXP_EXTRACT(s, '(l+)(o)', 1) AS e73
  , REGEXP_EXTRACT(s, '([a-z]+)', 0) AS e74
  , REGEXP_EXTRACT(s, 'zzz', 0) AS e75
  , REGEXP_REPLACE(s, '[aeiou]', '*') AS e76
  , REGEXP_REPLACE(s, '(l)', '<$1>') AS e77
  , s LIKE '%l%' AS e78
  , s LIKE 'a_%' AS e79
  , s LIKE '%!%%' ESCAPE '!' AS e80
  , s LIKE p AS e81
  , s NOT LIKE '%o%' AS e82
  , s LIKE '_____' AS e83
  , s = 'hello' AS e84
  , s <> p AS e85
  , s < p AS e86
  , s BETWEEN 'a' AND 'i' AS e87
  , s IN ('hello', 'aaaa', '') AS e88
  , s NOT IN ('hello', p) AS e89
  , COALESCE(s, p, 'none') AS e90
  , NULLIF(s, p) AS e91
  , IFNULL(s, 'none') AS e92
  , IF(n > 0, s, p) AS e93
  , CASE WHEN n > 2 THEN s WHEN n < 0 THEN p END AS e94
  , CASE n WHEN 2 THEN 'two' WHEN 0 THEN 'zero' ELSE 'other' END AS e95
  , GREATEST(s, p) AS e96
  , LEAST(s, p, v) AS e97
  , c AS e98
  , v AS e99
  , c = 'ab' AS e100
  , c || '|' AS e101
  , CHAR_LENGTH(c) AS e102
  , UPPER(c) AS e103
  , CAST(s AS CHAR(3)) AS e104
  , CAST(s AS VARCHAR(3)) AS e105
  , CAST(s AS CHAR(8)) AS e106
  , CAST(s AS BYTES) AS e107
  , CAST(CAST(s AS BYTES) AS STRING) AS e108
FROM t;
