package sqlite

import (
	"github.com/adkgen/adkgen/dialects"
	"github.com/sqlc-dev/meyer/token"
)

// Fold implements dialects.Dialect: names are stored as they are written, and
// compared without regard to ASCII case.
func (Dialect) Fold(identifier string) string { return identifier }

// Quote implements dialects.Dialect.
func (Dialect) Quote(identifier string) string {
	if dialects.IsPlain(identifier) && token.IsID(token.Lookup(identifier)) {
		return identifier
	}
	return dialects.QuoteWith(`"`, identifier)
}
