WITH per_origin AS (SELECT origin, COUNT(*) AS n, SUM(delay) AS total FROM flights GROUP BY origin)
SELECT a.origin, a.n FROM per_origin AS a WHERE a.n > (SELECT AVG(n) FROM per_origin);
