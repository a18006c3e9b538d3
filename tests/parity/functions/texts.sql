-- texts: values as columns, so that nothing is folded while planning.
CREATE TABLE t (id INT, s STRING, p STRING, u STRING, n INT, k STRING, b STRING) WITH ('connector' = 'filesystem', 'path' = 'texts.jsonl', 'format' = 'json');
SELECT id
  , SHA224(s) AS e1
  , SHA384(s) AS e2
  , SHA512(s) AS e3
  , SHA2(s, 224) AS e4
  , SHA2(s, 384) AS e5
  , SHA2(s, 512) AS e6
  , MD5(k) AS e7
  , UUID() IS NULL AS e8
  , CHAR_LENGTH(UUID()) AS e9
  , UNHEX(b) AS e10
  , UNHEX(HEX(s)) AS e11
  , IS_DECIMAL(s) AS e12
  , IS_DECIMAL(k) AS e13
  , IS_DECIMAL(n) AS e14
  , IS_DIGIT(n) AS e15
  , INET_ATON(s) AS e16
  , INET_NTOA(n) AS e17
  , INET_NTOA(CAST(4294967295 AS BIGINT)) AS e18
  , ELT(n, s, p, u) AS e19
  , ELT(1, s, p) AS e20
  , ELT(2, CAST(s AS BYTES), CAST(p AS BYTES)) AS e21
  , TRANSLATE(s, 'lo', 'xy') AS e22
  , TRANSLATE(s, 'lo', 'x') AS e23
  , TRANSLATE(s, p, k) AS e24
  , TRANSLATE(s, '😀ll', 'abc') AS e25
  , URL_ENCODE(s) AS e26
  , URL_DECODE(s) AS e27
  , URL_DECODE(URL_ENCODE(s)) AS e28
  , URL_DECODE(u) AS e29
  , PRINTF('%s-%d', s, n) AS e30
  , PRINTF('%05d|%x|%5.2f', n, n, CAST(n AS DOUBLE)) AS e31
  , PRINTF(s) AS e32
  , PRINTF('%s') AS e33
  , PRINTF('%10s|%-10s|%S', s, p, s) AS e34
  , PRINTF('%b %c %,d %e', TRUE, 65, 1234567, 1.5E0) AS e35
  , STR_TO_MAP(k) AS e36
  , STR_TO_MAP(k, ';', ':') AS e37
  , PARSE_URL(u, 'HOST') AS e38
  , PARSE_URL(u, 'PATH') AS e39
  , PARSE_URL(u, 'QUERY') AS e40
  , PARSE_URL(u, 'REF') AS e41
  , PARSE_URL(u, 'PROTOCOL') AS e42
  , PARSE_URL(u, 'AUTHORITY') AS e43
  , PARSE_URL(u, 'FILE') AS e44
  , PARSE_URL(u, 'USERINFO') AS e45
  , PARSE_URL(u, 'XXX') AS e46
  , PARSE_URL(u, 'QUERY', 'k1') AS e47
  , PARSE_URL(u, 'QUERY', 'k2') AS e48
  , PARSE_URL(u, 'QUERY', 'k3') AS e49
  , PARSE_URL(u, 'QUERY', 'q') AS e50
  , PARSE_URL(u, 'HOST', 'q') AS e51
  , PARSE_URL(u, 'host') AS e52
  , REGEXP_COUNT(s, 'l') AS e53
  , REGEXP_COUNT(s, p) AS e54
  , REGEXP_EXTRACT_ALL(s, '([a-z]+)') AS e55
  , REGEXP_EXTRACT_ALL(s, '([a-z])([a-z])', 2) AS e56
  , REGEXP_EXTRACT_ALL(s, p, 0) AS e57
  , REGEXP_EXTRACT_ALL(s, p) AS e58
  , REGEXP_EXTRACT_ALL(s, p, n) AS e59
  , REGEXP_INSTR(s, 'l') AS e60
  , REGEXP_INSTR(s, p) AS e61
  , REGEXP_SUBSTR(s, 'l+') AS e62
  , REGEXP_SUBSTR(s, p) AS e63
  , REGEXP(s, p) AS e64
  , REGEXP_EXTRACT(s, p, 0) AS e65
  , REGEXP_EXTRACT(s, p, 1) AS e66
  , REGEXP_EXTRACT(s, p, n) AS e67
  , REGEXP_EXTRACT(s, '(a)|(b)', 2) AS e68
  , REGEXP_EXTRACT(s, '(?<x>l+)o', 1) AS e69
  , REGEXP_EXTRACT(s, '(?i)H(?=e)', 0) AS e70
  , REGEXP_REPLACE(s, p, '-') AS e71
  , REGEXP_REPLACE(s, '(l)', '$1$1') AS e72
  , REGEXP_REPLACE(s, '\s+$', '') AS e73
  , JSON_QUOTE(s) AS e74
  , JSON_UNQUOTE(JSON_QUOTE(s)) AS e75
  , JSON_UNQUOTE(s) AS e76
  , JSON_UNQUOTE('"a\u0041\n"') AS e77
  , s SIMILAR TO '(a|h)%' AS e78
  , s NOT SIMILAR TO '[a-z ]+' AS e79
  , s SIMILAR TO '%!%%' ESCAPE '!' AS e80
  , SPLIT_INDEX(s, 44, 1) AS e81
  , ENCODE(s, 'UTF-16') AS e82
  , ENCODE(s, 'UTF-16BE') AS e83
  , ENCODE(s, 'UTF-16LE') AS e84
  , ENCODE(s, 'ISO-8859-1') AS e85
  , ENCODE(s, 'US-ASCII') AS e86
  , DECODE(ENCODE(s, 'UTF-16'), 'UTF-16') AS e87
  , DECODE(ENCODE(s, 'ISO-8859-1'), 'ISO-8859-1') AS e88
  , DECODE(ENCODE(s, 'ISO-8859-1'), 'US-ASCII') AS e89
  , DECODE(ENCODE(s, 'UTF-8'), 'ISO-8859-1') AS e90
  , DECODE(ENCODE(s, 'UTF-8'), 'UTF-16LE') AS e91
  , DECODE(ENCODE(s, 'ISO-8859-1'), 'UTF-8') AS e92
  , CHR(n) AS e93
  , s LIKE 'h%' AS e94
  , POSITION('l' IN s FROM 5) AS e95
  , CONCAT_WS(',', s) AS e96
  , +n AS e97
  , TO_BASE64(CAST(s AS BYTES)) AS e98
  , MD5(CAST(s AS BYTES)) AS e99
  , LOWER(CAST(s AS VARCHAR(3))) AS e100
  , TRIM(BOTH FROM s) AS e101
  , OVERLAY(s PLACING 'xx' FROM 2 FOR 1) AS e102
  , SUBSTR(s, 2) AS e103
  , REPEAT('ab', n) AS e104
  , FROM_BASE64(TO_BASE64(s)) AS e105
  , FROM_BASE64('aGVsbG8') AS e106
  , CASE WHEN id <> 6 THEN STR_TO_MAP(k, p, '=') END AS e107
  , STR_TO_MAP(k, '[,;]', '\s*=\s*') AS e108
  , STR_TO_MAP(k, '', '=') AS e109
  , POSITION('l' IN s FROM n) AS e110
  , n BETWEEN SYMMETRIC 100 AND 0 AS e111
  , n NOT BETWEEN SYMMETRIC 0 AND 100 AS e112
  , n BETWEEN SYMMETRIC NULL AND 12 AS e113
  , INET_ATON('127.1') AS e114
  , INET_ATON('1.2.3') AS e115
  , INET_ATON('4294967296') AS e116
  , INET_ATON('1.2.3.256') AS e117
  , INET_ATON(u) AS e118
  , REGEXP(s, '(?i)HELLO|WORLD') AS e119
  , REGEXP(s, '^(?!.*l)') AS e120
  , REGEXP_REPLACE(s, '(l)\1', 'L') AS e121
  , REGEXP_EXTRACT_ALL(s, '[^\s,]+', 0) AS e122
  , REGEXP_SUBSTR(s, '\p{Alpha}+') AS e123
  , REGEXP_SUBSTR(s, '\d++') AS e124
  , REGEXP_INSTR(s, '(?<=l)o') AS e125
  , REGEXP_EXTRACT(s, '([0-9]+)?x?', 1) AS e126
  , REGEXP_REPLACE(s, '\Ql\E', 'x') AS e127
  , REGEXP_EXTRACT(s, '\x6c+', 0) AS e128
  , PRINTF('%2$s %1$s', s, n) AS e129
  , PRINTF('%+d % d %-6d| %,d', n, n, n, n * 100000) AS e130
  , PRINTF('%.3e %.0f %f', CAST(n AS DOUBLE) / 3, CAST(n AS DOUBLE) / 3, CAST(n AS DOUBLE) / 3) AS e131
  , PRINTF('%x %o %X', CAST(n AS BIGINT), n, CAST(n AS TINYINT)) AS e132
  , PRINTF('%s %s', CAST(1.50 AS DECIMAL(5, 2)), CAST(1 AS DOUBLE) / 3) AS e133
  , PRINTF('%.2f', CAST(1.50 AS DECIMAL(5, 2))) AS e134
  , PRINTF('%d', s) AS e135
  , PRINTF('100%%%n') AS e136
  , PRINTF('%s', n > 1) AS e137
  , URL_DECODE('%') AS e138
  , URL_DECODE('a%2') AS e139
  , URL_DECODE('%C3%A9%C3') AS e140
  , URL_ENCODE('~*-._ é') AS e141
  , TRANSLATE(s, '', 'x') AS e142
  , TRANSLATE(s, 'l', CAST(NULL AS STRING)) AS e143
  , TRANSLATE(s, 'l', '') AS e144
  , PARSE_URL('http://h/a/../b/./c?x=1#', 'PATH') AS e145
  , PARSE_URL('http://h/a/../b/./c?x=1#', 'REF') AS e146
  , PARSE_URL('http://h?x=1', 'FILE') AS e147
  , PARSE_URL('http://h:99999999999/x', 'HOST') AS e148
  , PARSE_URL('http://a@b@c/x', 'HOST') AS e149
  , PARSE_URL('http://a@b@c/x', 'AUTHORITY') AS e150
  , PARSE_URL(' url:http://h/ ', 'HOST') AS e151
  , PARSE_URL('https:/x/y', 'PATH') AS e152
  , PARSE_URL('http:x', 'PATH') AS e153
  , PARSE_URL('ws://h/', 'HOST') AS e154
  , PARSE_URL('mailto:a@b?subject=x', 'QUERY') AS e155
  , UNHEX('ABC') AS e156
  , DECODE(X'ff41', 'UTF-8') AS e157
  , CAST(X'ff41c3' AS STRING) AS e158
  , IS_DECIMAL('1d') AS e159
  , IS_DECIMAL('0x1p3') AS e160
  , IS_DECIMAL('NaN') AS e161
  , IS_DECIMAL('1e') AS e162
  , IS_DIGIT('１２') AS e163
  , IS_DECIMAL('１２') AS e164
  , SPLIT_INDEX(s, 300, 0) AS e165
FROM t;
