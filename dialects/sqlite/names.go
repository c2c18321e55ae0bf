package sqlite

import (
	"strings"

	"github.com/adkgen/adkgen/dialects"
	"github.com/sqlc-dev/meyer/token"
)

// Fold implements dialects.Dialect: names are stored as they are written, and
// compared without regard to ASCII case.
func (Dialect) Fold(identifier string) string { return identifier }

// Quote implements dialects.Dialect.
func (Dialect) Quote(identifier string) string {
	if dialects.IsPlain(identifier) && token.IsID(token.Lookup(identifier)) && !callers[strings.ToUpper(identifier)] {
		return identifier
	}
	return dialects.QuoteWith(`"`, identifier)
}

// callers are words that the grammar takes for names in some places, and for
// the beginning of CAST (…), RAISE (…) or IF NOT EXISTS, or for the time of now
// (expr, literal-value), in others.
var callers = dialects.Words("cast raise if current_date current_time current_timestamp")
