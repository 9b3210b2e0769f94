-- Temperatures from MQTT, the last value of each sensor, and averages back to a topic.
--
-- Needs a broker: `mosquitto -p 1883`, or any other that you may use (change url, username, password).
-- Run it:  millrace serve -f examples/mqtt.sql
-- Then:    mosquitto_pub -q 1 -t sensors/kitchen/temperature -m '{"value": 21.5}'

-- The broker keeps the session while we are away (clean-start is false), so nothing is missed; a message is
-- acknowledged when it is on our disk. Several servers can share the work: 'topic' = '$share/millrace/sensors/+/temperature'
CREATE TABLE temperatures (
  `value`  DOUBLE NOT NULL,
  topic    STRING METADATA,
  retain   BOOLEAN METADATA,
  received TIMESTAMP_LTZ(3) METADATA,
  sensor   AS SPLIT_INDEX(topic, '/', 1),
  WATERMARK FOR received AS received - INTERVAL '1' SECOND
) WITH (
  'connector' = 'mqtt',
  'url' = 'mqtt://localhost:1883',
  'topic' = 'sensors/+/temperature',
  'qos' = '1',
  'session-expiry' = '7 d',
  'format' = 'json',
  'bad-records' = 'skip',
  'scan.watermark.idle-timeout' = '5 s'
);

CREATE MATERIALIZED VIEW last_temperatures AS
SELECT sensor, LAST_VALUE(`value`) AS `value`, MAX(received) AS at
FROM temperatures
GROUP BY sensor;

CREATE TABLE averages (
  target STRING,
  `value` DOUBLE,
  at TIMESTAMP_LTZ(3)
) WITH (
  'connector' = 'mqtt',
  'url' = 'mqtt://localhost:1883',
  'sink.topic.column' = 'target',
  'sink.retain' = 'true',
  'qos' = '1',
  'format' = 'json'
);

INSERT INTO averages
SELECT 'averages/' || sensor, AVG(`value`), window_end
FROM TABLE(TUMBLE(TABLE temperatures, DESCRIPTOR(received), INTERVAL '10' SECOND))
GROUP BY window_start, window_end, sensor;
