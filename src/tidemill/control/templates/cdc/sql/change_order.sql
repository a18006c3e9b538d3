-- Changes order 1, or adds it: the primary key makes this INSERT an upsert.
CREATE TABLE orders (
  order_id BIGINT,
  product  STRING,
  amount   DECIMAL(10, 2),
  PRIMARY KEY (order_id) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${server:postgres.jdbc-url}',
  'username' = '${server:postgres.user}',
  'password' = '${secret:postgres.password}',
  'table-name' = 'orders'
);

INSERT INTO orders VALUES (1, 'product-new', 99.99);
