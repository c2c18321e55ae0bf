-- +goose Up
ALTER TABLE app.customers ADD CONSTRAINT customers_pk PRIMARY KEY (number);
-- +goose Down
ALTER TABLE app.customers DROP CONSTRAINT customers_pk;
