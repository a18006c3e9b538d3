-- Devices: what kind they are never changes; where they stand and how they are calibrated does.
CREATE TABLE IF NOT EXISTS public.devices (
  device_id   text PRIMARY KEY,
  kind        text NOT NULL,
  model       text NOT NULL,
  site        text NOT NULL,
  calibration numeric(6, 2) NOT NULL,
  updated_at  timestamp(3) NOT NULL
);
ALTER TABLE public.devices REPLICA IDENTITY FULL;

CREATE TABLE IF NOT EXISTS public.readings_per_minute (
  window_start timestamp(3) NOT NULL,
  site         text NOT NULL,
  kind         text NOT NULL,
  readings     bigint NOT NULL,
  total        numeric(18, 2) NOT NULL,
  lowest       numeric(10, 2) NOT NULL,
  highest      numeric(10, 2) NOT NULL,
  PRIMARY KEY (window_start, site, kind)
);

CREATE TABLE IF NOT EXISTS public.user_sessions (
  user_id    bigint NOT NULL,
  started_at timestamp(3) NOT NULL,
  ended_at   timestamp(3) NOT NULL,
  clicks     bigint NOT NULL,
  devices    bigint NOT NULL,
  targets    bigint NOT NULL,
  PRIMARY KEY (user_id, started_at)
);

CREATE TABLE IF NOT EXISTS public.etl_metrics (
  window_start  timestamp(3) PRIMARY KEY,
  clicks        bigint NOT NULL,
  mean_delay_ms double precision,
  most_delay_ms bigint
);

-- The same of the pipeline on Kinesis.
CREATE TABLE IF NOT EXISTS public.readings_per_minute_kinesis (LIKE public.readings_per_minute INCLUDING ALL);
CREATE TABLE IF NOT EXISTS public.user_sessions_kinesis (LIKE public.user_sessions INCLUDING ALL);
CREATE TABLE IF NOT EXISTS public.etl_metrics_kinesis (LIKE public.etl_metrics INCLUDING ALL);
