-- +goose Up
CREATE TABLE things (id INTEGER PRIMARY KEY);
