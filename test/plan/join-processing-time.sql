SELECT f.origin, h.flights FROM flights AS f JOIN hourly FOR SYSTEM_TIME AS OF PROCTIME() AS h ON f.origin = h.origin AND h.flights > f.delay
