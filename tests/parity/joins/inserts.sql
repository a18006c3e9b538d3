-- Joins of inserts in all kinds: duplicates, NULL keys, conditions beyond the key, no key at all.
SET 'execution.runtime-mode' = 'streaming';
CREATE TABLE clicks (id INT, page STRING, ms BIGINT, tag STRING)
  WITH ('connector' = 'filesystem', 'path' = 'clicks.jsonl', 'format' = 'json');
CREATE TABLE visits (page STRING, `user` INT, ms BIGINT)
  WITH ('connector' = 'filesystem', 'path' = 'visits.jsonl', 'format' = 'json');

SELECT * FROM clicks JOIN visits ON clicks.page = visits.page;
SELECT * FROM clicks c LEFT JOIN visits v ON c.page = v.page AND c.ms < v.ms;
SELECT c.id, v.`user` FROM clicks c RIGHT OUTER JOIN visits v ON c.page = v.page AND v.`user` > 7;
SELECT * FROM clicks FULL JOIN visits USING (page);
SELECT * FROM clicks NATURAL FULL JOIN visits;
SELECT c.id, v.`user`, c.ms + v.ms AS ms FROM clicks c, visits v WHERE c.ms > v.ms;
SELECT c.id, d.id AS other FROM clicks c JOIN clicks d ON c.page = d.page AND c.tag = d.tag;
SELECT COUNT(*) AS n FROM clicks CROSS JOIN visits;
SELECT c.id, v.`user` FROM clicks c LEFT JOIN visits v ON c.page IS NOT DISTINCT FROM v.page;
SELECT c.id, v.`user` FROM clicks c LEFT JOIN visits v ON UPPER(c.page) = UPPER(v.page) AND c.id + 1 = v.ms;
SELECT a.id, b.`user`, c.tag FROM clicks a JOIN visits b ON a.page = b.page LEFT JOIN clicks c ON c.id = b.`user` - 5;
SELECT c.id, v.`user` FROM clicks c LEFT JOIN visits v ON c.page = v.page WHERE v.ms > 3;
SELECT page, COUNT(*) AS n, SUM(v.ms) AS ms FROM clicks JOIN visits v USING (page) GROUP BY page;
SELECT c.id, v.`user` FROM clicks c LEFT JOIN visits v ON c.ms = v.ms OR c.id = v.`user`;
SELECT c.id, v.`user` FROM clicks c FULL JOIN visits v ON c.page = v.page AND c.id > 1 AND v.ms < 5;
