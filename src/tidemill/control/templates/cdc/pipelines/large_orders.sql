-- Every change of the table `orders`, as Debezium reports it, to a table of large orders.
CREATE TABLE orders (
  order_id BIGINT,
  product  STRING,
  amount   DECIMAL(10, 2),
  PRIMARY KEY (order_id) NOT ENFORCED
) WITH (
  'connector' = 'kafka',
  'topic' = 'shop.public.orders',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'properties.group.id' = 'large_orders',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'debezium-json'
);

CREATE TABLE large_orders (
  order_id BIGINT,
  product  STRING,
  amount   DECIMAL(10, 2),
  PRIMARY KEY (order_id) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${server:postgres.jdbc-url}',
  'username' = '${server:postgres.user}',
  'password' = '${secret:postgres.password}',
  'table-name' = 'large_orders',
  'sink.create-table' = 'true'  -- Tidemill's own; Flink wants the table to be there
);

INSERT INTO large_orders SELECT order_id, product, amount FROM orders WHERE amount > 50;
