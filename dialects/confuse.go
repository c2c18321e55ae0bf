package dialects

import (
	"fmt"
	"strings"
)

// Confusion is the warning that an owner column takes some owners for one: alike
// names texts that are one where says ("under the collation …").
func Confusion(where, alike, instead string) Refusal {
	return Refusal{Message: where + ", " + alike + " are one owner: each can read and delete the sessions of the other", Hint: instead}
}

// ConfusesPadding warns of CHAR, which does not keep the spaces at the end of a
// text. With a foreign key, the owners are those of the referenced table.
func ConfusesPadding(o Owner) Refusal {
	if o.Reference != nil {
		return Refusal{}
	}
	return Confusion("in a CHAR column", "'acme' and 'acme '", "write VARCHAR, which keeps the spaces at the end")
}

// ConfusesDigits warns of a type that keeps only some digits behind the point of a
// number.
func ConfusesDigits(o Owner, digits int, instead string) Refusal {
	whole := "1"
	if digits > 0 {
		whole += "." + strings.Repeat("0", digits)
	}
	return ConfusesValues(o, whole, "1."+strings.Repeat("0", digits)+"4", instead)
}

// ConfusesSeconds warns of a type that keeps only some digits of a second.
func ConfusesSeconds(o Owner, digits int) Refusal {
	return ConfusesValues(o, "'12:00:00'", "'12:00:00."+strings.Repeat("0", digits)+"4'", "use a column that identifies the owner, and not a time")
}

// ConfusesDays warns of a type that keeps no time of day.
func ConfusesDays(o Owner) Refusal {
	return ConfusesValues(o, "'2026-01-31'", "'2026-01-31 12:00:00'", "use a column that identifies the owner, and not a day")
}

// ConfusesFloats warns of a binary number: bits are those that it keeps.
func ConfusesFloats(o Owner, bits int, instead string) Refusal {
	return ConfusesValues(o, fmt.Sprint(int64(1)<<bits), fmt.Sprint(int64(1)<<bits+1), instead)
}

// ConfusesValues warns of a type in which two values become one. With a foreign key,
// the owners are those of the referenced table.
func ConfusesValues(o Owner, one, other, instead string) Refusal {
	if o.Reference != nil {
		return Refusal{}
	}
	return Confusion("in a "+o.Type+" column", one+" and "+other, instead)
}
