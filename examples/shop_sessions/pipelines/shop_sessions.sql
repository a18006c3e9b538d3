-- Visits to the shop, from objects in the bucket `bronze` to sessions: products of each session in
-- Redis, finished sessions in Postgres and in the lake.

SET 'table.local-time-zone' = 'UTC';
-- Flink from 2.3 on asks what to do when two rows meet at one key of a sink; here they never do.
SET 'table.exec.sink.require-on-conflict' = 'false';
-- A session's products are forgotten a day after its last event.
SET 'table.exec.state.ttl' = '1 d';
-- Every two seconds all sinks take over what has come since: fewer and larger objects in the lake.
SET 'execution.checkpointing.interval' = '2 s';

-- 1. The two kinds of objects: a Parquet file for each hour, and a JSON object for each event. Both
--    are watched: what is copied into the bucket is read, once, in the order in which it was written.
CREATE TABLE training_data (
  event_id      BIGINT,
  event_time    TIMESTAMP(3),
  event_type    STRING,
  product_id    BIGINT,
  category_code STRING,
  brand         STRING,
  price         DECIMAL(10, 2),
  user_id       BIGINT,
  user_session  STRING,
  channel       STRING,
  user_agent    STRING,
  -- Phones that were in a tunnel report up to 20 minutes later. A clock that is years ahead must not
  -- close every session.
  WATERMARK FOR event_time AS
    CASE WHEN event_time < TIMESTAMP '${var:clock_max}' THEN event_time - INTERVAL '30' MINUTE END
) WITH (
  'connector' = 'filesystem',
  'path' = 's3://bronze/training_data/',
  'format' = 'parquet',
  'source.monitor-interval' = '1 s',
  'late-handling.mode' = 'table'
);

CREATE TABLE testing_data (
  event_id      BIGINT,
  event_time    TIMESTAMP(3),
  event_type    STRING,
  product_id    BIGINT,
  category_code STRING,
  brand         STRING,
  price         DECIMAL(10, 2),
  user_id       BIGINT,
  user_session  STRING,
  channel       STRING,
  user_agent    STRING,
  WATERMARK FOR event_time AS
    CASE WHEN event_time < TIMESTAMP '${var:clock_max}' THEN event_time - INTERVAL '30' MINUTE END
) WITH (
  'connector' = 'filesystem',
  'path' = 's3://bronze/testing_data/',
  'format' = 'json',
  'source.monitor-interval' = '1 s',
  'late-handling.mode' = 'table'
);

-- The bucket's events, as `tidemill lake watch` writes them: S3's own records, one for each new object.
CREATE TABLE training_data_streaming (
  `Key`     STRING,
  EventName STRING,
  Records   ARRAY<ROW<eventTime STRING, s3 ROW<object ROW<size BIGINT>>>>
) WITH (
  'connector' = 'kafka',
  'topic' = 'training_data_streaming',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'properties.group.id' = 'shop_sessions',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json'
);

CREATE TABLE testing_data_streaming (
  `Key`     STRING,
  EventName STRING,
  Records   ARRAY<ROW<eventTime STRING, s3 ROW<object ROW<size BIGINT>>>>
) WITH (
  'connector' = 'kafka',
  'topic' = 'testing_data_streaming',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'properties.group.id' = 'shop_sessions',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json'
);

CREATE VIEW object_events AS
SELECT 'training_data' AS kind, EventName, Records[1].s3.object.size AS size, Records[1].eventTime AS event_time
FROM training_data_streaming
UNION ALL
SELECT 'testing_data', EventName, Records[1].s3.object.size, Records[1].eventTime
FROM testing_data_streaming;

-- 2. Cleaning: events without a session, without a price, of no known kind, of wrong clocks, of bots.
CREATE VIEW events AS
SELECT event_id, event_time, event_type, product_id, category_code, brand, price, user_id, user_session, channel
FROM (
  SELECT * FROM training_data
  UNION ALL
  SELECT * FROM testing_data
)
WHERE user_session IS NOT NULL
  AND event_type IN ('view', 'cart', 'remove_from_cart', 'purchase')
  AND product_id IS NOT NULL
  AND price > 0
  AND event_time < TIMESTAMP '${var:clock_max}'
  AND user_agent NOT LIKE '%bot%';

-- 3. Sessions: a visit is over when half an hour has passed without an event.
CREATE VIEW sessions AS
SELECT
  user_session,
  window_start AS started_at,
  MAX(event_time) AS ended_at,
  MAX(user_id) AS user_id,
  MAX(channel) AS channel,
  COUNT(*) AS events,
  COUNT(DISTINCT product_id) AS products_seen,
  SUM(CASE WHEN event_type = 'cart' THEN 1 ELSE 0 END) AS carts,
  SUM(CASE WHEN event_type = 'purchase' THEN 1 ELSE 0 END) AS purchases,
  SUM(CASE WHEN event_type = 'purchase' THEN price ELSE 0 END) AS revenue,
  TIMESTAMPDIFF(SECOND, MIN(event_time), MAX(event_time)) AS duration_s
FROM TABLE(SESSION(TABLE events PARTITION BY user_session, DESCRIPTOR(event_time), INTERVAL '30' MINUTE))
GROUP BY user_session, window_start, window_end;

-- 4. Where it goes. In Postgres: what has arrived so far, by the bucket's events.
CREATE TABLE arrivals (
  kind    STRING,
  objects BIGINT,
  size_bytes BIGINT,
  last_at STRING,
  PRIMARY KEY (kind) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${server:postgres.jdbc-url}',
  'username' = '${server:postgres.user}',
  'password' = '${secret:postgres.password}',
  'table-name' = 'arrivals'
);

-- In Redis: what a session has done with a product, live, read by HGETALL.
CREATE TABLE session_products (
  user_session  STRING,
  product_id    BIGINT,
  category_code STRING,
  brand         STRING,
  price         DECIMAL(10, 2),
  looks         BIGINT,
  carts         BIGINT,
  purchases     BIGINT,
  last_seen     TIMESTAMP(3),
  PRIMARY KEY (user_session, product_id) NOT ENFORCED
) WITH (
  'connector' = 'redis',
  'url' = '${server:redis.url}',
  'username' = '${server:redis.user}',
  'password' = '${secret:redis.password}',
  'key' = 'session:{user_session}:product:{product_id}',
  'ttl' = '7 d'
);

CREATE TABLE processed_data (
  user_session  STRING,
  started_at    TIMESTAMP(3),
  ended_at      TIMESTAMP(3),
  user_id       BIGINT,
  channel       STRING,
  events        BIGINT,
  products_seen BIGINT,
  carts         BIGINT,
  purchases     BIGINT,
  revenue       DECIMAL(18, 2),
  duration_s    BIGINT,
  PRIMARY KEY (user_session, started_at) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${server:postgres.jdbc-url}',
  'username' = '${server:postgres.user}',
  'password' = '${secret:postgres.password}',
  'table-name' = 'processed_data'
);

CREATE TABLE lake_sessions (
  user_session  STRING,
  started_at    TIMESTAMP(3),
  ended_at      TIMESTAMP(3),
  user_id       BIGINT,
  channel       STRING,
  events        BIGINT,
  products_seen BIGINT,
  carts         BIGINT,
  purchases     BIGINT,
  revenue       DECIMAL(18, 2),
  duration_s    BIGINT,
  `day`         STRING
) PARTITIONED BY (`day`) WITH (
  'connector' = 'filesystem',
  'path' = 's3://lake/processed_data/',
  'format' = 'parquet'
);

EXECUTE STATEMENT SET
BEGIN
  INSERT INTO arrivals
    SELECT kind, COUNT(*), SUM(size), MAX(event_time)
    FROM object_events WHERE EventName LIKE 's3:ObjectCreated:%' GROUP BY kind;
  INSERT INTO session_products
    SELECT
      user_session, product_id, MAX(category_code), MAX(brand), MAX(price),
      SUM(CASE WHEN event_type = 'view' THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END),
      SUM(CASE WHEN event_type = 'cart' THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END),
      SUM(CASE WHEN event_type = 'purchase' THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END),
      MAX(event_time)
    FROM events GROUP BY user_session, product_id;
  INSERT INTO processed_data
    SELECT user_session, started_at, ended_at, user_id, channel, events, products_seen, carts, purchases,
      CAST(revenue AS DECIMAL(18, 2)), duration_s
    FROM sessions;
  INSERT INTO lake_sessions
    SELECT user_session, started_at, ended_at, user_id, channel, events, products_seen, carts, purchases,
      CAST(revenue AS DECIMAL(18, 2)), duration_s, DATE_FORMAT(started_at, 'yyyy-MM-dd')
    FROM sessions;
END;
