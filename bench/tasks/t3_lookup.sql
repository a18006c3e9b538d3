-- T3: each ride is enriched with the name of a place, looked up in Postgres.
CREATE TABLE rides (
  ride_id BIGINT,
  vendor_id INT,
  pickup_at BIGINT,
  dropoff_at BIGINT,
  passenger_count INT,
  trip_distance DOUBLE,
  pu_location_id INT,
  do_location_id INT,
  payment_type INT,
  fare_amount DOUBLE,
  tip_amount DOUBLE,
  total_amount DOUBLE,
  place_id AS ${key},
  asked_at AS PROCTIME()
) WITH (
  'connector' = 'kafka',
  'topic' = '${var:rides}',
  'properties.bootstrap.servers' = '${var:bootstrap}',
  'properties.group.id' = '${var:output}',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = '${var:bounded}',
  'format' = 'json'
);

CREATE TABLE places (
  id BIGINT,
  name STRING
) WITH (
  'connector' = 'jdbc',
  'url' = '${var:jdbc_url}',
  'table-name' = '${var:places}',
  'username' = '${var:user}',
  'password' = '${var:password}',
  'lookup.cache' = 'PARTIAL',
  'lookup.partial-cache.max-rows' = '2000000'
);

CREATE TABLE named_rides (
  ride_id BIGINT,
  place_id BIGINT,
  name STRING,
  total_amount DOUBLE
) WITH (
  'connector' = 'kafka',
  'topic' = '${var:output}',
  'properties.bootstrap.servers' = '${var:bootstrap}',
  'properties.linger.ms' = '5',
  'properties.compression.type' = 'lz4',
  'sink.delivery-guarantee' = '${var:guarantee}',
  'sink.transactional-id-prefix' = '${var:output}',
  'format' = 'json'
);

INSERT INTO named_rides
SELECT r.ride_id, r.place_id, p.name, r.total_amount
FROM rides AS r
JOIN places FOR SYSTEM_TIME AS OF r.asked_at AS p ON r.place_id = p.id;
