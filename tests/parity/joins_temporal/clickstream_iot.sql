-- The topics of the clickstream example, as they were recorded: each reading with its device as it was then.
SET 'execution.runtime-mode' = 'streaming';
SET 'table.local-time-zone' = 'UTC';
CREATE TABLE readings (
  reading_id BIGINT, device_id STRING, measured DECIMAL(8, 2), event_time TIMESTAMP(3),
  WATERMARK FOR event_time AS event_time - INTERVAL '10' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'device_readings.jsonl', 'format' = 'json');
CREATE TABLE device_versions (
  device_id STRING, kind STRING, site STRING, calibration DECIMAL(6, 2), updated_at BIGINT,
  valid_from AS CAST(TO_TIMESTAMP_LTZ(updated_at, 3) AS TIMESTAMP(3)),
  PRIMARY KEY (device_id) NOT ENFORCED,
  WATERMARK FOR valid_from AS valid_from - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'device_changes.jsonl', 'format' = 'debezium-json');
CREATE VIEW calibrated AS
SELECT r.reading_id, r.device_id, v.site, v.kind, r.measured + v.calibration AS measured, r.event_time
FROM readings AS r
JOIN device_versions FOR SYSTEM_TIME AS OF r.event_time AS v ON r.device_id = v.device_id;

SELECT reading_id, device_id, site, kind, measured, event_time FROM calibrated;
SELECT window_start, site, kind, COUNT(*) AS readings, SUM(measured) AS total, MIN(measured) AS lowest, MAX(measured) AS highest FROM TABLE(TUMBLE(TABLE calibrated, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, site, kind;
SELECT r.reading_id, v.site, v.calibration, v.valid_from FROM readings AS r LEFT JOIN device_versions FOR SYSTEM_TIME AS OF r.event_time AS v ON r.device_id = v.device_id AND v.site <> 'mill';
