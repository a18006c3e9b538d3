SET 'table.exec.source.idle-timeout' = '5 s';
SET 'parallelism.default' = '4';

CREATE TABLE trips (
  vendor_id INT,
  pickup_at STRING,
  pu_location_id INT,
  trip_distance DOUBLE,
  fare_amount DOUBLE,
  total_amount DOUBLE,
  pickup_time AS TO_TIMESTAMP(pickup_at),
  `part` INT METADATA FROM 'partition' VIRTUAL,
  ts TIMESTAMP(3) METADATA FROM 'timestamp' VIRTUAL,
  WATERMARK FOR pickup_time AS pickup_time - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = '${env:TOPIC}',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'debezium-json',
  'debezium-json.schema-include' = 'false'
);

CREATE TABLE cleaned (vendor_id INT, zone INT, per_mile DECIMAL(10, 2), h BIGINT)
WITH ('connector' = 'kafka', 'topic' = 'cleaned', 'format' = 'json');

CREATE TABLE zone_revenue (
  window_start TIMESTAMP(3),
  window_end TIMESTAMP(3),
  zone INT,
  trips BIGINT,
  revenue DOUBLE,
  PRIMARY KEY (window_start, zone) NOT ENFORCED
) WITH ('connector' = 'jdbc', 'url' = 'jdbc:postgresql://127.0.0.1/x', 'table-name' = 'z');

CREATE VIEW clean AS
SELECT *, EXTRACT(HOUR FROM pickup_time) AS h
FROM trips
WHERE fare_amount >= 0 AND trip_distance > 0 AND pu_location_id IS NOT NULL;

EXECUTE STATEMENT SET BEGIN
INSERT INTO cleaned
SELECT vendor_id, pu_location_id, CAST(fare_amount / trip_distance AS DECIMAL(10, 2)), h
FROM clean;
INSERT INTO zone_revenue
SELECT window_start, window_end, pu_location_id, COUNT(*), SUM(total_amount)
FROM TABLE(TUMBLE(TABLE clean, DESCRIPTOR(pickup_time), INTERVAL '1' HOUR))
GROUP BY window_start, window_end, pu_location_id;
END;
