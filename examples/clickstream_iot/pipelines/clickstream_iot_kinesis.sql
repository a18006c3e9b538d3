-- pipelines/clickstream_iot.sql on Kinesis: everything below the tables is the same, word for word.

SET 'table.local-time-zone' = 'UTC';
SET 'table.exec.sink.require-on-conflict' = 'false';

-- 1. What comes in and where it goes.
CREATE TABLE readings (
  reading_id BIGINT,
  device_id  STRING,
  measured   DECIMAL(8, 2),
  event_time TIMESTAMP(3),
  seen_at    AS PROCTIME(),
  WATERMARK FOR event_time AS event_time - INTERVAL '10' SECOND
) WITH (
  'connector' = 'kinesis',
  'stream.arn' = '${var:kinesis_arn}/device_readings',
  'aws.endpoint' = '${var:kinesis}',
  'aws.credentials.provider' = 'AUTO',
  'source.init.position' = 'TRIM_HORIZON',
  'format' = 'json'
);

CREATE TABLE clicks (
  click_id   BIGINT,
  user_id    BIGINT,
  device_id  STRING,
  action     STRING,
  event_time TIMESTAMP(3),
  sent_at    TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  seen_at    AS PROCTIME(),
  WATERMARK FOR event_time AS event_time - INTERVAL '10' SECOND
) WITH (
  'connector' = 'kinesis',
  'stream.arn' = '${var:kinesis_arn}/clicks',
  'aws.endpoint' = '${var:kinesis}',
  'aws.credentials.provider' = 'AUTO',
  'source.init.position' = 'TRIM_HORIZON',
  'format' = 'json'
);

CREATE TABLE readings_enriched (
  reading_id BIGINT,
  device_id  STRING,
  kind       STRING,
  model      STRING,
  measured   DECIMAL(8, 2),
  event_time TIMESTAMP(3)
) WITH (
  'connector' = 'kinesis',
  'stream.arn' = '${var:kinesis_arn}/readings_enriched',
  'aws.endpoint' = '${var:kinesis}',
  'aws.credentials.provider' = 'AUTO',
  'format' = 'json'
);

CREATE TABLE minute_out (
  window_start TIMESTAMP(3),
  site         STRING,
  kind         STRING,
  readings     BIGINT,
  total        DECIMAL(18, 2),
  lowest       DECIMAL(10, 2),
  highest      DECIMAL(10, 2)
) WITH (
  'connector' = 'kinesis',
  'stream.arn' = '${var:kinesis_arn}/readings_per_minute',
  'aws.endpoint' = '${var:kinesis}',
  'aws.credentials.provider' = 'AUTO',
  'format' = 'json'
);

CREATE TABLE responses_out (
  click_id      BIGINT,
  user_id       BIGINT,
  device_id     STRING,
  reading_id    BIGINT,
  measured      DECIMAL(8, 2),
  seconds_after BIGINT
) WITH (
  'connector' = 'kinesis',
  'stream.arn' = '${var:kinesis_arn}/click_responses',
  'aws.endpoint' = '${var:kinesis}',
  'aws.credentials.provider' = 'AUTO',
  'format' = 'json'
);

CREATE TABLE minute_table (
  window_start TIMESTAMP(3),
  site         STRING,
  kind         STRING,
  readings     BIGINT,
  total        DECIMAL(18, 2),
  lowest       DECIMAL(10, 2),
  highest      DECIMAL(10, 2),
  PRIMARY KEY (window_start, site, kind) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${server:postgres.jdbc-url}',
  'username' = '${server:postgres.user}',
  'password' = '${secret:postgres.password}',
  'table-name' = 'readings_per_minute_kinesis'
);

CREATE TABLE sessions_table (
  user_id    BIGINT,
  started_at TIMESTAMP(3),
  ended_at   TIMESTAMP(3),
  clicks     BIGINT,
  devices    BIGINT,
  targets    BIGINT,
  PRIMARY KEY (user_id, started_at) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${server:postgres.jdbc-url}',
  'username' = '${server:postgres.user}',
  'password' = '${secret:postgres.password}',
  'table-name' = 'user_sessions_kinesis'
);

CREATE TABLE metrics_table (
  window_start  TIMESTAMP(3),
  clicks        BIGINT,
  mean_delay_ms DOUBLE,
  most_delay_ms BIGINT,
  PRIMARY KEY (window_start) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${server:postgres.jdbc-url}',
  'username' = '${server:postgres.user}',
  'password' = '${secret:postgres.password}',
  'table-name' = 'etl_metrics_kinesis'
);

-- 2. The devices, twice. As a table that is asked: what Postgres says in this moment.
CREATE TABLE device_now (
  device_id STRING,
  kind      STRING,
  model     STRING,
  PRIMARY KEY (device_id) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${server:postgres.jdbc-url}',
  'username' = '${server:postgres.user}',
  'password' = '${secret:postgres.password}',
  'table-name' = 'devices',
  'lookup.cache' = 'PARTIAL',
  'lookup.partial-cache.max-rows' = '10000',
  'lookup.partial-cache.expire-after-write' = '1 min'
);

-- And as its history: each change that Debezium reports is a version, valid from `updated_at` on. Event time must
-- go on while no device changes, so the application touches the row `~clock` once a minute.
CREATE TABLE device_versions (
  device_id   STRING,
  kind        STRING,
  site        STRING,
  calibration DECIMAL(6, 2),
  updated_at  BIGINT,
  valid_from  AS CAST(TO_TIMESTAMP_LTZ(updated_at, 3) AS TIMESTAMP(3)),
  PRIMARY KEY (device_id) NOT ENFORCED,
  WATERMARK FOR valid_from AS valid_from - INTERVAL '1' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'iot.public.devices',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'properties.group.id' = 'clickstream_iot',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'debezium-json'
);

-- 3. Enrichment by lookup: what never changes can be asked when the reading comes.
CREATE VIEW with_kind AS
SELECT r.reading_id, r.device_id, d.kind, d.model, r.measured, r.event_time
FROM readings AS r
JOIN device_now FOR SYSTEM_TIME AS OF r.seen_at AS d ON r.device_id = d.device_id;

-- 4. Enrichment by version: where the device stood and how it was calibrated when it measured.
CREATE VIEW calibrated AS
SELECT r.reading_id, r.device_id, v.site, v.kind, r.measured + v.calibration AS measured, r.event_time
FROM readings AS r
JOIN device_versions FOR SYSTEM_TIME AS OF r.event_time AS v ON r.device_id = v.device_id;

CREATE VIEW per_minute AS
SELECT window_start, site, kind, COUNT(*) AS readings, SUM(measured) AS total, MIN(measured) AS lowest,
  MAX(measured) AS highest
FROM TABLE(TUMBLE(TABLE calibrated, DESCRIPTOR(event_time), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, site, kind;

-- 5. Who sets a target sees what the device measures in the two minutes after that.
CREATE VIEW click_responses AS
SELECT c.click_id, c.user_id, c.device_id, r.reading_id, r.measured,
  TIMESTAMPDIFF(SECOND, c.event_time, r.event_time) AS seconds_after
FROM clicks AS c JOIN readings AS r
  ON c.device_id = r.device_id
  AND r.event_time BETWEEN c.event_time AND c.event_time + INTERVAL '2' MINUTE
WHERE c.action = 'set_target';

-- 6. Visits of users: two minutes without a click end one.
CREATE VIEW visits AS
SELECT user_id, window_start AS started_at, MAX(event_time) AS ended_at, COUNT(*) AS clicks,
  COUNT(DISTINCT device_id) AS devices,
  SUM(CASE WHEN action = 'set_target' THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END) AS targets
FROM TABLE(SESSION(TABLE clicks PARTITION BY user_id, DESCRIPTOR(event_time), INTERVAL '2' MINUTE))
GROUP BY user_id, window_start, window_end;

-- 7. How the pipeline itself does, by the clock on the wall: clicks per second, and how old they are when they
--    come. This is processing time, so it is another number in every run.
CREATE VIEW clicks_seen AS
SELECT seen_at,
  1000 * (EXTRACT(EPOCH FROM CAST(CURRENT_ROW_TIMESTAMP() AS TIMESTAMP(3))) - EXTRACT(EPOCH FROM CAST(sent_at AS TIMESTAMP(3))))
  + EXTRACT(MILLISECOND FROM CAST(CURRENT_ROW_TIMESTAMP() AS TIMESTAMP(3))) - EXTRACT(MILLISECOND FROM CAST(sent_at AS TIMESTAMP(3)))
    AS delay_ms
FROM clicks;

CREATE VIEW clicks_per_second AS
SELECT window_start, COUNT(*) AS clicks, AVG(CAST(delay_ms AS DOUBLE)) AS mean_delay_ms, MAX(delay_ms) AS most_delay_ms
FROM TABLE(TUMBLE(TABLE clicks_seen, DESCRIPTOR(seen_at), INTERVAL '1' SECOND))
GROUP BY window_start, window_end;

EXECUTE STATEMENT SET
BEGIN
  INSERT INTO readings_enriched SELECT reading_id, device_id, kind, model, measured, event_time FROM with_kind;
  INSERT INTO minute_out
    SELECT window_start, site, kind, readings, CAST(total AS DECIMAL(18, 2)), lowest, highest FROM per_minute;
  INSERT INTO minute_table
    SELECT window_start, site, kind, readings, CAST(total AS DECIMAL(18, 2)), lowest, highest FROM per_minute;
  INSERT INTO responses_out
    SELECT click_id, user_id, device_id, reading_id, measured, seconds_after FROM click_responses;
  INSERT INTO sessions_table SELECT user_id, started_at, ended_at, clicks, devices, targets FROM visits;
  INSERT INTO metrics_table SELECT window_start, clicks, mean_delay_ms, most_delay_ms FROM clicks_per_second;
END;
