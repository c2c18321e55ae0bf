CREATE TABLE users (
    tenant_id BIGINT,
    id        BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX users_tenant ON users (tenant_id) WHERE id > 0;
