CREATE TABLE users (id BIGINT, name STRING, city STRING, PRIMARY KEY (id) NOT ENFORCED);
SELECT city, COUNT(*) AS n FROM users WHERE name <> '' GROUP BY city
