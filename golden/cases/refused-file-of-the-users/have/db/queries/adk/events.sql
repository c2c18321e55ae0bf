-- name: Mine :one
SELECT 1;
