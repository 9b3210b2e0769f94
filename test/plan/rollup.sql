SELECT origin, destination, SUM(delay) AS d, GROUPING(origin, destination) AS g FROM flights GROUP BY ROLLUP (origin, destination)
