SELECT x FROM flights CROSS JOIN UNNEST(origin) AS u (x)
