-- +goose Up
CREATE SCHEMA app;
-- +goose StatementBegin
CREATE FUNCTION app.nothing() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE accounts; END $$;
-- +goose StatementEnd
CREATE TABLE app.customers (
    number BIGINT,
    name   TEXT
);

-- +goose Down
DROP TABLE app.customers;
DROP SCHEMA app;
