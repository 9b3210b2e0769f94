SELECT b + 1 AS c FROM (SELECT a * 2 AS b, o FROM (SELECT delay AS a, origin AS o FROM flights) AS x) AS y WHERE o = 'SEA' AND b > 3
