-- The files of the lake, with the wide columns scaled to 0..1 by their least and greatest value.
-- It runs on the embedded engine, and on Spark with the same result.

CREATE TABLE patients (
  patient_id               BIGINT,
  Pregnancies              BIGINT,
  Glucose                  DOUBLE,
  BloodPressure            DOUBLE,
  SkinThickness            DOUBLE,
  Insulin                  DOUBLE,
  BMI                      DOUBLE,
  DiabetesPedigreeFunction DOUBLE,
  Age                      BIGINT,
  Outcome                  BIGINT
) WITH (
  'connector' = 'filesystem',
  'path' = '${var:lake}/raw/',
  'format' = 'parquet'
);

-- 1. Only patients with every measurement that the model needs. Insulin is not one of them.
CREATE VIEW complete AS
SELECT * FROM patients
WHERE Glucose IS NOT NULL AND BloodPressure IS NOT NULL AND SkinThickness IS NOT NULL
  AND BMI IS NOT NULL AND DiabetesPedigreeFunction IS NOT NULL
  AND Pregnancies IS NOT NULL AND Age IS NOT NULL AND Outcome IS NOT NULL;

-- 2. The limits of the wide columns, over all patients.
CREATE VIEW extremes AS
SELECT
  MIN(Glucose) AS glucose_low, MAX(Glucose) AS glucose_high,
  MIN(BloodPressure) AS pressure_low, MAX(BloodPressure) AS pressure_high,
  MIN(SkinThickness) AS skin_low, MAX(SkinThickness) AS skin_high,
  MIN(Insulin) AS insulin_low, MAX(Insulin) AS insulin_high,
  MIN(BMI) AS bmi_low, MAX(BMI) AS bmi_high,
  MIN(CAST(Age AS DOUBLE)) AS age_low, MAX(CAST(Age AS DOUBLE)) AS age_high
FROM complete;

CREATE TABLE scaled (
  patient_id                 BIGINT,
  pregnancies                BIGINT,
  glucose                    DOUBLE,
  blood_pressure             DOUBLE,
  skin_thickness             DOUBLE,
  insulin                    DOUBLE,
  bmi                        DOUBLE,
  diabetes_pedigree_function DOUBLE,
  age                        DOUBLE,
  outcome                    BIGINT
) WITH (
  'connector' = 'filesystem',
  'path' = '${var:lake}/scaled/',
  'format' = 'parquet'
);

CREATE TABLE limits (measurement STRING, low DOUBLE, high DOUBLE) WITH (
  'connector' = 'filesystem',
  'path' = '${var:lake}/limits/',
  'format' = 'parquet'
);

EXECUTE STATEMENT SET
BEGIN
  INSERT INTO scaled
  SELECT
    patient_id,
    Pregnancies,
    CASE WHEN glucose_high > glucose_low THEN (Glucose - glucose_low) / (glucose_high - glucose_low) END,
    CASE WHEN pressure_high > pressure_low THEN (BloodPressure - pressure_low) / (pressure_high - pressure_low) END,
    CASE WHEN skin_high > skin_low THEN (SkinThickness - skin_low) / (skin_high - skin_low) END,
    CASE WHEN insulin_high > insulin_low THEN (Insulin - insulin_low) / (insulin_high - insulin_low) END,
    CASE WHEN bmi_high > bmi_low THEN (BMI - bmi_low) / (bmi_high - bmi_low) END,
    DiabetesPedigreeFunction,
    CASE WHEN age_high > age_low THEN (CAST(Age AS DOUBLE) - age_low) / (age_high - age_low) END,
    Outcome
  FROM complete CROSS JOIN extremes;

  INSERT INTO limits
  SELECT 'glucose', glucose_low, glucose_high FROM extremes
  UNION ALL SELECT 'blood_pressure', pressure_low, pressure_high FROM extremes
  UNION ALL SELECT 'skin_thickness', skin_low, skin_high FROM extremes
  UNION ALL SELECT 'insulin', insulin_low, insulin_high FROM extremes
  UNION ALL SELECT 'bmi', bmi_low, bmi_high FROM extremes
  UNION ALL SELECT 'age', age_low, age_high FROM extremes;
END;
