CREATE TABLE rides (
  ride_id BIGINT, pickup_at BIGINT, passenger_count INT, trip_distance DOUBLE, pu_location_id INT,
  fare_amount DOUBLE,
  `user` AS MOD(ride_id * 7919, 1000000),
  fewer AS MOD(ride_id * 7919, 100000),
  pickup_time AS TO_TIMESTAMP_LTZ(pickup_at, 3),
  WATERMARK FOR pickup_time AS pickup_time - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka', 'topic' = '${var:rides}', 'format' = 'json',
  'properties.bootstrap.servers' = '${var:bootstrap}',
  'properties.group.id' = '${var:output}',
  'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset'
);
