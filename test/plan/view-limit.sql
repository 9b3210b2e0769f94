CREATE VIEW first_three AS SELECT origin FROM flights LIMIT 3;
SELECT origin FROM first_three
