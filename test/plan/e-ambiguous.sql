SELECT x FROM (SELECT origin AS x, destination AS x FROM flights) AS s
