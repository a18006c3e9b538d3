-- The model's prediction for each new patient, as it comes.

CREATE TABLE sink_diabetes (
  patient_id  BIGINT,
  recorded_at TIMESTAMP_LTZ(3),
  information ROW<
    pregnancies                BIGINT,
    glucose                    DOUBLE,
    blood_pressure             DOUBLE,
    skin_thickness             DOUBLE,
    insulin                    DOUBLE,
    bmi                        DOUBLE,
    diabetes_pedigree_function DOUBLE,
    age                        BIGINT>,
  PRIMARY KEY (patient_id) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka',
  'topic' = 'diabetes_cdc.public.sink_diabetes',
  'properties.bootstrap.servers' = '${server:kafka.bootstrap}',
  'properties.group.id' = 'diabetes_predict',
  'properties.isolation.level' = 'read_committed',
  'key.format' = 'json',
  'value.format' = 'json'
);

CREATE VIEW measured AS
SELECT
  patient_id,
  CAST(information.pregnancies AS DOUBLE) AS pregnancies,
  information.glucose AS glucose,
  information.blood_pressure AS blood_pressure,
  information.skin_thickness AS skin_thickness,
  information.bmi AS bmi,
  information.diabetes_pedigree_function AS diabetes_pedigree_function,
  CAST(information.age AS DOUBLE) AS age
FROM sink_diabetes;

-- training/train.py writes the file. It takes measurements as they are: the scaling of the
-- training data is part of it, so that both can never be scaled differently.
CREATE MODEL diabetes
INPUT (pregnancies DOUBLE, glucose DOUBLE, blood_pressure DOUBLE, skin_thickness DOUBLE, bmi DOUBLE,
  diabetes_pedigree_function DOUBLE, age DOUBLE)
OUTPUT (probability DOUBLE, prediction BIGINT, model_version BIGINT)
WITH ('provider' = 'onnx', 'path' = 'models/diabetes.onnx');

CREATE TABLE predictions (
  patient_id    BIGINT,
  probability   DOUBLE,
  prediction    BIGINT,
  model_version BIGINT,
  PRIMARY KEY (patient_id) NOT ENFORCED
) WITH (
  'connector' = 'jdbc',
  'url' = '${server:postgres.jdbc-url}',
  'username' = '${server:postgres.user}',
  'password' = '${secret:postgres.password}',
  'table-name' = 'public.diabetes_prediction'
);

INSERT INTO predictions
SELECT patient_id, probability, prediction, model_version
FROM ML_PREDICT(TABLE measured, MODEL diabetes, DESCRIPTOR(pregnancies, glucose, blood_pressure,
  skin_thickness, bmi, diabetes_pedigree_function, age));
