-- A file of the first schema: one settled call, one with an expired lease, one live, one credit.
CREATE TABLE guard_meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE guard_subjects (
  subject TEXT PRIMARY KEY,
  counters TEXT NOT NULL,
  open_shares INTEGER NOT NULL,
  idle_from_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE guard_holds (
  id TEXT PRIMARY KEY,
  phase TEXT NOT NULL,
  dispatched INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  shares TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX guard_holds_by_expiry ON guard_holds (phase, expires_at_ms);
CREATE TABLE guard_ended (
  id TEXT PRIMARY KEY,
  ending TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX guard_ended_by_time ON guard_ended (at_ms);
CREATE TABLE guard_gifts (id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE guard_records (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  version INTEGER NOT NULL,
  expires_at_ms INTEGER
) WITHOUT ROWID;
CREATE INDEX guard_records_expiring
  ON guard_records (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
CREATE TABLE guard_changes (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL,
  at_ms INTEGER NOT NULL
);
INSERT INTO guard_meta VALUES ('latest_ms', 1793584860500);
INSERT INTO guard_subjects VALUES ('everybody', '{"calendar//tokens/day":[0,0,6,1793577600000,9,20]}', 1, 1793664000000);
INSERT INTO guard_subjects VALUES ('user:ada', '{"calendar//tokens/day":[0,0,6,1793577600000,8,20],"rolling/86400000/tokens/86400000":[0,0,4,20,26388279564840,3,26388279564842,5],"rate//tokens/minute~rate":[0,0,5,20,1793584860500],"concurrent//concurrent":[0,0,4,1]}', 3, 1793674800000);
INSERT INTO guard_holds VALUES ('expired', 'charged', 1, 1793584860500, '[{"subject":"user:ada","rule":{"kind":"calendar","key":"tokens/day","unit":"tokens","amount":100,"windows":[{"startMs":1793577600000,"endMs":1793664000000},{"startMs":1793664000000,"endMs":1793750400000}]},"cost":5,"window":1793577600000},{"subject":"user:ada","rule":{"kind":"rolling","key":"tokens/86400000","unit":"tokens","amount":100,"windowMs":86400000},"cost":5,"window":498218},{"subject":"user:ada","rule":{"kind":"rate","key":"tokens/minute~rate","unit":"tokens","amount":60,"burst":100,"periodMs":60000},"cost":5,"window":0},{"subject":"user:ada","rule":{"kind":"concurrent","key":"concurrent","unit":"concurrent","amount":5},"cost":1,"window":0},{"subject":"everybody","rule":{"kind":"calendar","key":"tokens/day","unit":"tokens","amount":1000,"windows":[{"startMs":1793577600000,"endMs":1793664000000},{"startMs":1793664000000,"endMs":1793750400000}]},"cost":5,"window":1793577600000}]');
INSERT INTO guard_holds VALUES ('live', 'held', 0, 1793584920500, '[{"subject":"user:ada","rule":{"kind":"calendar","key":"tokens/day","unit":"tokens","amount":100,"windows":[{"startMs":1793577600000,"endMs":1793664000000},{"startMs":1793664000000,"endMs":1793750400000}]},"cost":20,"window":1793577600000},{"subject":"user:ada","rule":{"kind":"rolling","key":"tokens/86400000","unit":"tokens","amount":100,"windowMs":86400000},"cost":20,"window":498218},{"subject":"user:ada","rule":{"kind":"rate","key":"tokens/minute~rate","unit":"tokens","amount":60,"burst":100,"periodMs":60000},"cost":20,"window":0},{"subject":"user:ada","rule":{"kind":"concurrent","key":"concurrent","unit":"concurrent","amount":5},"cost":1,"window":0},{"subject":"everybody","rule":{"kind":"calendar","key":"tokens/day","unit":"tokens","amount":1000,"windows":[{"startMs":1793577600000,"endMs":1793664000000},{"startMs":1793664000000,"endMs":1793750400000}]},"cost":20,"window":1793577600000}]');
INSERT INTO guard_ended VALUES ('ended', 'settled', 1793577600000);
INSERT INTO guard_gifts VALUES ('gift', 1793577600000);
INSERT INTO guard_records VALUES ('user:ada', '{"blocked":true}', 1, NULL);
INSERT INTO guard_changes VALUES (1, '"user:ada"', 1793584860500);
PRAGMA user_version = 1;
