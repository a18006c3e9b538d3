-- How long a reading takes from its topic through a small job into another topic: `tidemill demo clickstream_iot
-- --compare` runs this file on the embedded engine, on Flink and on Spark, and measures.
SET 'execution.checkpointing.interval' = '${var:latency_checkpoint}';

CREATE TABLE readings (
  reading_id BIGINT,
  device_id  STRING,
  measured   DOUBLE,
  sent_ms    BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = 'latency_in',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'properties.group.id' = 'latency-${var:latency_out}',
  'scan.startup.mode' = 'latest-offset',
  'format' = 'json'
);

CREATE TABLE enriched (
  reading_id BIGINT,
  device_id  STRING,
  level      STRING,
  sent_ms    BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = '${var:latency_out}',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'format' = 'json'
);

INSERT INTO enriched
SELECT reading_id, UPPER(device_id), CASE WHEN measured > 21.5 THEN 'high' ELSE 'normal' END, sent_ms
FROM readings
WHERE measured IS NOT NULL;
