-- What pipelines/clickstream_iot.sql must come to, computed a second way: by DuckDB, in one batch over the topics.
--
-- Given are the messages of the topics, in their order: reading, click, device_change (position, device_id, kind,
-- site, calibration, updated_at).

-- How far event time is: ten seconds behind the newest reading or click, one second behind the newest change.
CREATE TEMP TABLE event_time_now AS
SELECT
  least(
    (SELECT max(event_time) - INTERVAL 10 SECOND FROM reading),
    (SELECT max(updated_at) - INTERVAL 1 SECOND FROM device_change)
  ) AS of_calibrated,
  (SELECT max(event_time) - INTERVAL 10 SECOND FROM click) AS of_clicks;

CREATE TEMP TABLE expected_enriched AS
SELECT r.reading_id, r.device_id, d.kind, d.model, r.measured, r.event_time
FROM reading r JOIN (SELECT DISTINCT device_id, kind, model FROM device_change) d ON d.device_id = r.device_id;

-- Each reading with the last change of its device up to then.
CREATE TEMP TABLE calibrated AS
SELECT r.reading_id, v.site, v.kind, r.measured + v.calibration AS measured, r.event_time
FROM reading r ASOF JOIN device_change v ON v.device_id = r.device_id AND v.updated_at <= r.event_time;

CREATE TEMP TABLE expected_minute AS
SELECT time_bucket(INTERVAL 1 MINUTE, event_time) AS window_start, site, kind, count(*) AS readings,
  sum(measured)::DECIMAL(18, 2) AS total, min(measured)::DECIMAL(10, 2) AS lowest,
  max(measured)::DECIMAL(10, 2) AS highest
FROM calibrated GROUP BY ALL
HAVING time_bucket(INTERVAL 1 MINUTE, any_value(event_time)) + INTERVAL 1 MINUTE - INTERVAL 1 MILLISECOND
  <= (SELECT of_calibrated FROM event_time_now);

CREATE TEMP TABLE expected_response AS
SELECT c.click_id, c.user_id, c.device_id, r.reading_id, r.measured,
  (epoch_ms(r.event_time) - epoch_ms(c.event_time)) // 1000 AS seconds_after
FROM click c JOIN reading r
  ON r.device_id = c.device_id AND r.event_time BETWEEN c.event_time AND c.event_time + INTERVAL 2 MINUTE
WHERE c.action = 'set_target';

CREATE TEMP TABLE expected_session AS
WITH marked AS (
  SELECT *, coalesce(event_time - lag(event_time) OVER w > INTERVAL 2 MINUTE, true) AS begins
  FROM click WINDOW w AS (PARTITION BY user_id ORDER BY event_time, click_id)
), numbered AS (
  SELECT *, sum(begins::INT) OVER (PARTITION BY user_id ORDER BY event_time, click_id) AS number FROM marked
)
SELECT user_id, min(event_time) AS started_at, max(event_time) AS ended_at, count(*) AS clicks,
  count(DISTINCT device_id) AS devices, count(*) FILTER (action = 'set_target') AS targets
FROM numbered GROUP BY user_id, number
HAVING max(event_time) + INTERVAL 2 MINUTE - INTERVAL 1 MILLISECOND <= (SELECT of_clicks FROM event_time_now);

-- Of processing time only this can be foreseen: each click is counted in one second.
CREATE TEMP TABLE expected_metric AS SELECT count(*) AS clicks FROM click;
