package postgres

// UsesC says which build this is.
const UsesC = usesC
