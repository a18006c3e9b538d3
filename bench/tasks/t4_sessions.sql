-- T4: sessions of 100,000 users, ended by ten minutes without a visit; as JSON to a topic.
CREATE TABLE visits (
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
  user_id BIGINT,
  visited_at BIGINT,
  visit_time AS TO_TIMESTAMP_LTZ(visited_at, 3),
  WATERMARK FOR visit_time AS visit_time - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = '${var:visits}',
  'properties.bootstrap.servers' = '${var:bootstrap}',
  'properties.group.id' = '${var:output}',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = '${var:bounded}',
  'format' = 'json'
);

CREATE TABLE sessions (
  user_id BIGINT,
  session_start TIMESTAMP(3),
  visits BIGINT,
  spent DOUBLE
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

INSERT INTO sessions
SELECT user_id, window_start, COUNT(*), SUM(total_amount)
FROM TABLE(
  SESSION(TABLE visits PARTITION BY user_id, DESCRIPTOR(visit_time), INTERVAL '10' MINUTE)
)
GROUP BY user_id, window_start, window_end;
