-- The warehouse: what the pipeline `load` writes.
CREATE SCHEMA IF NOT EXISTS warehouse;

CREATE TABLE IF NOT EXISTS warehouse.patients (
  patient_id                 bigint PRIMARY KEY,
  pregnancies                bigint,
  glucose                    double precision,
  blood_pressure             double precision,
  skin_thickness             double precision,
  insulin                    double precision,
  bmi                        double precision,
  diabetes_pedigree_function double precision,
  age                        double precision,
  outcome                    bigint
);

CREATE TABLE IF NOT EXISTS warehouse.limits (
  measurement text PRIMARY KEY,
  low         double precision,
  high        double precision
);

-- New patients, as an application keeps them. Measurements may be missing.
CREATE TABLE IF NOT EXISTS public.diabetes_new (
  patient_id                 bigint PRIMARY KEY,
  recorded_at                timestamp(3) NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  pregnancies                bigint,
  glucose                    double precision,
  blood_pressure             double precision,
  skin_thickness             double precision,
  insulin                    double precision,
  bmi                        double precision,
  diabetes_pedigree_function double precision,
  age                        bigint,
  ward                       text,
  device                     text,
  entered_by                 text
);
-- So that Debezium tells of an update and a deletion what the row was before, not only its key.
ALTER TABLE public.diabetes_new REPLICA IDENTITY FULL;

-- What the pipeline `predict` writes.
CREATE TABLE IF NOT EXISTS public.diabetes_prediction (
  patient_id    bigint PRIMARY KEY,
  probability   double precision,
  prediction    bigint,
  model_version bigint
);

-- What became of a patient, once it is known. The next model learns from it.
CREATE TABLE IF NOT EXISTS public.diabetes_outcome (
  patient_id bigint PRIMARY KEY,
  outcome    bigint NOT NULL
);
