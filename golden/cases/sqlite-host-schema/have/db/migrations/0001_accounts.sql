-- migrate:up
CREATE TABLE accounts (name TEXT);
CREATE TABLE accounts_new (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO accounts_new (name) SELECT name FROM accounts;
DROP TABLE accounts;
ALTER TABLE accounts_new RENAME TO accounts;
CREATE TRIGGER t AFTER INSERT ON accounts BEGIN UPDATE accounts SET name = 'x;y'; END;

-- migrate:down
DROP TABLE accounts;
