-- +goose Up
CREATE TABLE accounts (
    code VARCHAR(40) COLLATE utf8mb4_unicode_ci PRIMARY KEY
);
CREATE TABLE teams (
    code VARCHAR(40) PRIMARY KEY
) DEFAULT CHARSET = latin1;

-- +goose Down
DROP TABLE teams;
DROP TABLE accounts;
