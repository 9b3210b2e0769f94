SELECT origin, delay * 60 AS delay_s FROM flights WHERE delay > 15 AND destination IS NOT NULL
