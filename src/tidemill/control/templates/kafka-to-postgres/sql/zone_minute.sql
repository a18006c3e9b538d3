CREATE TABLE zone_minute (
  window_start TIMESTAMP(3),
  zone         INT,
  trips        BIGINT,
  revenue      DECIMAL(38, 2)
) WITH (
  'connector' = 'jdbc',
  'url' = '${server:postgres.jdbc-url}',
  'username' = '${server:postgres.user}',
  'password' = '${secret:postgres.password}',
  'table-name' = 'zone_minute'
);

SELECT * FROM zone_minute;
