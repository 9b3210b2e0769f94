SELECT 1 FROM flights AS f JOIN readings FOR SYSTEM_TIME AS OF f.ts AS r ON f.delay = r.sensor
