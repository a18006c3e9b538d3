-- What a model can learn from: each time something went into a cart, what was known of the visit at that
-- moment, and whether that product was bought in the end.
--
-- The input ends, so this runs to its end: by DuckDB inside Tidemill, or on Spark
-- (tidemill run training_set --engine spark --var history=data/history).

SET 'table.local-time-zone' = 'UTC';

CREATE TABLE history (
  event_id     BIGINT,
  event_time   TIMESTAMP(3),
  event_type   STRING,
  product_id   BIGINT,
  price        DECIMAL(10, 2),
  user_session STRING,
  channel      STRING,
  user_agent   STRING
) WITH ('connector' = 'filesystem', 'path' = '${var:history}', 'format' = 'parquet');

CREATE TABLE training_set (
  event_id      BIGINT,
  looks         BIGINT,
  products      BIGINT,
  carts         BIGINT,
  product_looks BIGINT,
  seconds       BIGINT,
  price         DOUBLE,
  mobile        BIGINT,
  purchased     BIGINT
) WITH ('connector' = 'filesystem', 'path' = '${var:training_set}', 'format' = 'parquet');

CREATE VIEW events AS
SELECT event_id, event_time, event_type, product_id, price, user_session, channel
FROM history
WHERE user_session IS NOT NULL
  AND event_type IN ('view', 'cart', 'remove_from_cart', 'purchase')
  AND product_id IS NOT NULL
  AND price > 0
  AND event_time < TIMESTAMP '${var:clock_max}'
  AND user_agent NOT LIKE '%bot%';

INSERT INTO training_set
SELECT
  c.event_id,
  SUM(CASE WHEN e.event_time <= c.event_time AND e.event_type = 'view' THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END),
  COUNT(DISTINCT CASE WHEN e.event_time <= c.event_time THEN e.product_id END),
  SUM(CASE WHEN e.event_time <= c.event_time AND e.event_type = 'cart' THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END),
  SUM(CASE WHEN e.event_time <= c.event_time AND e.event_type = 'view' AND e.product_id = c.product_id
      THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END),
  MAX(CASE WHEN e.event_time <= c.event_time
      THEN CAST(TIMESTAMPDIFF(SECOND, e.event_time, c.event_time) AS BIGINT) ELSE CAST(0 AS BIGINT) END),
  MAX(CAST(c.price AS DOUBLE)),
  MAX(CASE WHEN c.channel = 'mobile' THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END),
  MAX(CASE WHEN e.event_type = 'purchase' AND e.product_id = c.product_id AND e.event_time > c.event_time
      THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END)
FROM events AS c JOIN events AS e ON c.user_session = e.user_session
WHERE c.event_type = 'cart'
GROUP BY c.event_id;
