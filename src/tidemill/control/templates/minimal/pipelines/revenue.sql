-- Revenue per product and hour.
CREATE TABLE orders (
  order_id   BIGINT,
  product    STRING,
  amount     DECIMAL(10, 2),
  ordered_at TIMESTAMP(3),
  WATERMARK FOR ordered_at AS ordered_at - INTERVAL '10' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'data/orders.jsonl',
  'format' = 'json'
);

CREATE TABLE revenue (
  window_start TIMESTAMP(3),
  product      STRING,
  orders       BIGINT,
  revenue      DECIMAL(38, 2)
) WITH (
  'connector' = 'filesystem',
  'path' = 'output/revenue',
  'format' = 'json'
);

INSERT INTO revenue
SELECT window_start, product, COUNT(*), SUM(amount)
FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ordered_at), INTERVAL '1' HOUR))
GROUP BY window_start, window_end, product;
