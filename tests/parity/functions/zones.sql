-- zones: values as columns, so that nothing is folded while planning.
SET 'table.local-time-zone' = 'America/Los_Angeles';
CREATE TABLE t (id INT, ts TIMESTAMP(3), t6 TIMESTAMP(6), t9 TIMESTAMP(9), t0 TIMESTAMP(0), lt TIMESTAMP_LTZ(3), d DATE, tm TIME, s STRING, n INT, z STRING) WITH ('connector' = 'filesystem', 'path' = 'zones.jsonl', 'format' = 'json');
SELECT id
  , UNIX_TIMESTAMP(s) AS e1
  , UNIX_TIMESTAMP(s, 'yyyy-MM-dd') AS e2
  , UNIX_TIMESTAMP('2019-11-03 01:30:00') AS e3
  , UNIX_TIMESTAMP('2019-03-10 02:30:00') AS e4
  , FROM_UNIXTIME(n) AS e5
  , CAST(TO_TIMESTAMP_LTZ(s, 'yyyy-MM-dd HH:mm:ss', 'UTC') AS STRING) AS e6
  , CAST(TO_TIMESTAMP_LTZ(s, 'yyyy-MM-dd HH:mm:ss') AS STRING) AS e7
  , CAST(TO_TIMESTAMP_LTZ(n, 0) AS STRING) AS e8
  , DATE_FORMAT(lt, 'yyyy-MM-dd HH:mm:ss') AS e9
  , EXTRACT(HOUR FROM lt) AS e10
  , CAST(lt AS STRING) AS e11
  , CAST(lt AS TIMESTAMP(3)) AS e12
  , CAST(lt AS DATE) AS e13
  , CAST(lt AS TIME) AS e14
  , CAST(CAST(ts AS TIMESTAMP_LTZ(3)) AS STRING) AS e15
  , JSON_STRING(lt) AS e16
  , JSON_STRING(ts) AS e17
  , CAST(FLOOR(lt TO DAY) AS STRING) AS e18
  , CAST(FLOOR(lt TO HOUR) AS STRING) AS e19
  , CAST(CEIL(lt TO DAY) AS STRING) AS e20
  , CAST(CEIL(lt TO MONTH) AS STRING) AS e21
  , CAST(FLOOR(lt TO YEAR) AS STRING) AS e22
  , CAST(TIMESTAMPADD(DAY, 1, lt) AS STRING) AS e23
  , CAST(TIMESTAMPADD(MONTH, 1, lt) AS STRING) AS e24
  , CAST(lt + INTERVAL '1' DAY AS STRING) AS e25
  , TIMESTAMPDIFF(DAY, lt, CAST(ts AS TIMESTAMP_LTZ(3))) AS e26
  , DATE_FORMAT(s, 'yyyyMMdd') AS e27
  , CONVERT_TZ(s, 'UTC', 'Europe/Berlin') AS e28
  , YEAR(lt) AS e29
  , DAYOFWEEK(lt) AS e30
FROM t;
