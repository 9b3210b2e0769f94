SELECT *, COUNT(*) AS n FROM flights GROUP BY origin
