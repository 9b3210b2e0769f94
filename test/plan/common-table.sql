WITH bad (airport, minutes) AS (SELECT origin, delay FROM flights WHERE delay > 60),
     worst AS (SELECT airport, MAX(minutes) AS minutes FROM bad GROUP BY airport)
SELECT * FROM worst WHERE airport LIKE 'S%'
