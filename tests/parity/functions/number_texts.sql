-- number_texts: values as columns, so that nothing is folded while planning.
CREATE TABLE t (id INT, i INT, b BIGINT, d DOUBLE, c DECIMAL(5, 2), f FLOAT) WITH ('connector' = 'filesystem', 'path' = 'number_texts.jsonl', 'format' = 'json');
SELECT id
  , IS_DECIMAL(i) AS e1
  , IS_DECIMAL(b) AS e2
  , IS_DECIMAL(d) AS e3
  , IS_DECIMAL(c) AS e4
  , IS_DECIMAL(f) AS e5
  , IS_DIGIT(i) AS e6
  , IS_DIGIT(b) AS e7
  , IS_DIGIT(d) AS e8
  , IS_DIGIT(c) AS e9
  , IS_ALPHA(i) AS e10
FROM t;
