-- pipelines/latency.sql with a sink that writes each answer exactly once, in transactions.
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
  'format' = 'json',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = '${var:latency_out}'
);

INSERT INTO enriched
SELECT reading_id, UPPER(device_id), CASE WHEN measured > 21.5 THEN 'high' ELSE 'normal' END, sent_ms
FROM readings
WHERE measured IS NOT NULL;
