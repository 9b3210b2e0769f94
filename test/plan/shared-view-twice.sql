CREATE VIEW busy AS SELECT origin, COUNT(*) AS n FROM flights WHERE delay > 0 GROUP BY origin;
SELECT a.origin, b.origin AS other FROM busy AS a JOIN busy AS b ON a.n = b.n AND a.origin < b.origin;
