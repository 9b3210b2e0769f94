-- Results on the server's own output: a line for each change.
--
-- Run it:  millrace serve -f examples/print.sql
-- Prints:  counts> +I[3, 1]
--          counts> -D[3, 1]
--          counts> +I[3, 2]   …

CREATE TABLE numbers (n INT NOT NULL) WITH (
  'connector' = 'datagen',
  'rows-per-second' = '2',
  'number-of-rows' = '20',
  'fields.n.min' = '1',
  'fields.n.max' = '3'
);

CREATE TABLE counts (n INT, times BIGINT) WITH (
  'connector' = 'print',
  'print-identifier' = 'counts'
);

INSERT INTO counts SELECT n, COUNT(*) FROM numbers GROUP BY n;
