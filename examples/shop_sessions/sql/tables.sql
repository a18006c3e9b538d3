-- The tables that pipelines/shop_sessions.sql writes, in Postgres.
CREATE TABLE IF NOT EXISTS public.arrivals (
  kind    text PRIMARY KEY,
  objects bigint NOT NULL,
  size_bytes bigint NOT NULL,
  last_at text NOT NULL
);

CREATE TABLE IF NOT EXISTS public.processed_data (
  user_session  text NOT NULL,
  started_at    timestamp(3) NOT NULL,
  ended_at      timestamp(3) NOT NULL,
  user_id       bigint NOT NULL,
  channel       text NOT NULL,
  events        bigint NOT NULL,
  products_seen bigint NOT NULL,
  carts         bigint NOT NULL,
  purchases     bigint NOT NULL,
  revenue       numeric(18, 2) NOT NULL,
  duration_s    bigint NOT NULL,
  PRIMARY KEY (user_session, started_at)
);
