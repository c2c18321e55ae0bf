-- +goose Up
ALTER TABLE app.customers RENAME TO accounts;
ALTER TABLE app.accounts RENAME COLUMN number TO id;

-- +goose Down
ALTER TABLE app.accounts RENAME COLUMN id TO number;
ALTER TABLE app.accounts RENAME TO customers;
