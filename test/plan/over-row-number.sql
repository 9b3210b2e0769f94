SELECT row_number() over (order by ts) FROM flights
